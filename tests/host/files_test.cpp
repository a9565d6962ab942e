// Files, the virtual ones of /proc, packages and services, and what a reboot leaves of them.
#include "tests/host/lan.h"

namespace lvslab::host {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

// --- files
// -----------------------------------------------------------------------------------------

TEST(Files, DirectoriesAreMadeListedAndRemoved) {
  Lan lan(1);
  EXPECT_EQ(lan.type('a', "mkdir d; echo 1 > d/x; touch d/y; ls d"), "x\ny\n");
  EXPECT_EQ(lan.type('a', "mkdir d"), "mkdir: cannot create directory 'd': File exists\n");
  EXPECT_EQ(lan.type('a', "mkdir p/q"),
            "mkdir: cannot create directory 'p/q': No such file or directory\n");
  EXPECT_EQ(lan.type('a', "mkdir -p p/q; ls p"), "q\n");
  EXPECT_EQ(lan.type('a', "rm d"), "rm: cannot remove 'd': Is a directory\n");
  EXPECT_EQ(lan.type('a', "rm -r d; ls d"), "ls: cannot access 'd': No such file or directory\n");
  EXPECT_EQ(lan.status(), 2);
}

TEST(Files, PathsAreTakenFromTheWorkingDirectory) {
  Lan lan(1);
  lan.type('a', "cd /tmp; echo here > f; cd ..");
  EXPECT_EQ(lan.type('a', "cat tmp/f ./tmp/../tmp/f"), "here\nhere\n");
  EXPECT_EQ(lan.type('a', "cd /nosuch"), "bash: cd: /nosuch: No such file or directory\n");
  EXPECT_EQ(lan.type('a', "pwd"), "/\n") << "a cd that failed goes nowhere";
}

TEST(Files, AFileThatIsADirectoryOrNotThereIsAnError) {
  Lan lan(1);
  EXPECT_EQ(lan.type('a', "cat /etc"), "cat: /etc: Is a directory\n");
  EXPECT_EQ(lan.type('a', "cat /nosuch /etc/hosts | head -1"),
            "cat: /nosuch: No such file or directory\n127.0.0.1       localhost\n");
}

// --- /proc
// -----------------------------------------------------------------------------------------

TEST(ProcSys, EchoSetsAndCatReads) {
  Lan lan(1);
  const std::string file = "/proc/sys/net/ipv4/conf/eth0/arp_ignore";
  EXPECT_EQ(lan.type('a', "cat " + file), "0\n");
  EXPECT_EQ(lan.type('a', "echo 1 > " + file + "; cat " + file), "1\n");
  EXPECT_EQ(lan.type('a', "sysctl net.ipv4.conf.eth0.arp_ignore"),
            "net.ipv4.conf.eth0.arp_ignore = 1\n");
  lan.type('a', "sysctl -w net.ipv4.conf.eth0.arp_ignore=2");
  EXPECT_EQ(lan.type('a', "cat " + file), "2\n");
}

TEST(ProcSys, WhatIsNoNumberIsAnInvalidArgument) {
  Lan lan(1);
  EXPECT_EQ(lan.type('a', "echo yes > /proc/sys/net/ipv4/ip_forward"),
            "bash: echo: write error: Invalid argument\n");
  EXPECT_EQ(lan.status(), 1);
  EXPECT_EQ(lan.type('a', "cat /proc/sys/net/ipv4/ip_forward"), "0\n");
}

TEST(ProcSys, AParameterThatIsNotThereIsNoSuchFile) {
  Lan lan(1);
  EXPECT_EQ(lan.type('a', "echo 1 > /proc/sys/net/ipv4/conf/eth9/arp_ignore"),
            "bash: /proc/sys/net/ipv4/conf/eth9/arp_ignore: No such file or directory\n");
  EXPECT_EQ(lan.type('a', "cat /proc/sys/net/ipv4/nosuch"),
            "cat: /proc/sys/net/ipv4/nosuch: No such file or directory\n");
  EXPECT_THAT(lan.type('a', "sysctl net.ipv4.nosuch"),
              HasSubstr("cannot stat /proc/sys/net/ipv4/nosuch: No such file or directory"));
}

TEST(ProcSys, ADirectoryIsListedAndNotWritten) {
  Lan lan(1);
  EXPECT_EQ(lan.type('a', "ls /proc/sys/net/ipv4/conf"), "all\ndefault\neth0\nlo\n");
  EXPECT_EQ(lan.type('a', "echo 1 > /proc/sys/net/ipv4"),
            "bash: /proc/sys/net/ipv4: Is a directory\n");
}

TEST(ProcSys, AValueThatTheKernelRefusesIsNotTaken) {
  Lan lan(1);
  EXPECT_THAT(lan.type('a', "echo 2 > /proc/sys/net/ipv4/vs/sync_version"),
              HasSubstr("Invalid argument"));
  EXPECT_EQ(lan.type('a', "cat /proc/sys/net/ipv4/vs/sync_version"), "1\n");
}

TEST(ProcSys, TheHostNameIsAParameterToo) {
  Lan lan(1);
  lan.type('a', "echo web > /proc/sys/kernel/hostname");
  EXPECT_EQ(lan.type('a', "hostname"), "web\n");
  lan.type('a', "hostname db");
  EXPECT_EQ(lan.type('a', "cat /proc/sys/kernel/hostname; uname -n"), "db\ndb\n");
}

TEST(Proc, OtherFilesAreNotThere) {
  Lan lan(1);
  for (const char* path : {"/proc/cpu", "/proc/self", "/proc/cpuinfo", "/proc/x", "/proc/sysx/a"}) {
    EXPECT_EQ(lan.type('a', std::string("ls ") + path),
              std::string("ls: cannot access '") + path + "': No such file or directory\n");
  }
  EXPECT_EQ(lan.type('a', "ls /proc; ls /proc/sys"), "net\nsys\nkernel\nnet\n");
}

TEST(ProcNet, TablesAreFilesThatCannotBeWritten) {
  Lan lan(2);
  lan.type('a', "ping -c 1 b");
  EXPECT_THAT(
      lan.type('a', "cat /proc/net/arp"),
      HasSubstr("10.0.0.2         0x1         0x2         02:00:00:00:00:02     *        eth0"));
  EXPECT_EQ(lan.type('a', "echo x > /proc/net/arp"), "bash: /proc/net/arp: Permission denied\n");
  EXPECT_THAT(lan.type('a', "ls /proc/net"), AllOf(HasSubstr("arp\n"), HasSubstr("ip_vs\n")));
}

// --- packages and services
// ---------------------------------------------------------------------------

TEST(Services, WhatIsNotInstalledCannotBeStarted) {
  Lan lan(1);
  EXPECT_THAT(lan.type('a', "service httpd start"),
              AllOf(HasSubstr("Unit httpd.service not found"), HasSubstr("yum install httpd -y")));
  EXPECT_EQ(lan.status(), 5);
}

TEST(Services, HttpdServesThePageOnceItRuns) {
  Lan lan(2);
  EXPECT_THAT(lan.type('b', "yum install httpd -y"), HasSubstr("Complete!"));
  EXPECT_THAT(lan.type('b', "yum install httpd -y"), HasSubstr("already installed"));
  lan.type('b', "echo hello > /var/www/html/index.html");
  lan.type('a', "curl -s http://b/");
  EXPECT_EQ(lan.status(), 7) << "refused: httpd does not run yet";
  lan.type('b', "systemctl start httpd");
  EXPECT_EQ(lan.type('b', "systemctl is-active httpd"), "active\n");
  EXPECT_EQ(lan.type('a', "curl -s http://b/"), "hello\n");
  lan.type('b', "service httpd stop");
  lan.type('a', "curl -s http://b/");
  EXPECT_EQ(lan.status(), 7);
}

TEST(Services, ARestartTakesTheSamePortAgain) {
  Lan lan(2);
  lan.type('b', "yum install httpd -y; service httpd start; echo x > /var/www/html/index.html");
  lan.type('b', "service httpd restart");
  EXPECT_EQ(lan.type('a', "curl -s http://b/"), "x\n");
  EXPECT_THAT(lan.type('b', "ps aux"), HasSubstr("/usr/sbin/httpd"));
}

// --- reboot
// ----------------------------------------------------------------------------------------

TEST(Reboot, ForgetsWhatWasTypedAndKeepsWhatIsOnDisk) {
  Lan lan(2);
  lan.type('b', "yum install httpd -y; echo page > /var/www/html/index.html; service httpd start");
  lan.type('b', "ip addr add 10.0.0.77/24 dev eth0; ip route add 10.9.0.0/16 via 10.0.0.1");
  lan.type('b', "echo 1 > /proc/sys/net/ipv4/ip_forward; ipvsadm -A -t 10.0.0.77:80; x=1; cd /tmp");
  lan.type('b', "reboot");
  EXPECT_THAT(lan.type('b', "ip addr"),
              AllOf(HasSubstr("10.0.0.2/24"), Not(HasSubstr("10.0.0.77"))));
  EXPECT_EQ(lan.type('b', "ip route"),
            "10.0.0.0/24 dev eth0 proto kernel scope link src 10.0.0.2 \n");
  EXPECT_EQ(lan.type('b', "cat /proc/sys/net/ipv4/ip_forward"), "0\n");
  EXPECT_THAT(lan.type('b', "ipvsadm -ln"), Not(HasSubstr("10.0.0.77")));
  EXPECT_EQ(lan.type('b', "echo $x $(pwd)"), "/root\n");
  EXPECT_EQ(lan.type('b', "cat /var/www/html/index.html"), "page\n");
  EXPECT_EQ(lan.type('b', "systemctl is-active httpd"), "inactive\n") << "it was never enabled";
  EXPECT_EQ(lan.type('b', "service httpd start; systemctl is-active httpd"),
            "Redirecting to /bin/systemctl start httpd.service\nactive\n")
      << "the package is still there";
}

TEST(Reboot, StartsWhatIsEnabled) {
  Lan lan(2);
  lan.type('b', "yum install httpd -y; systemctl enable httpd; echo up > /var/www/html/index.html");
  lan.reboot('b');
  EXPECT_EQ(lan.type('a', "curl -s http://b/"), "up\n");
  lan.type('b', "systemctl disable httpd");
  lan.reboot('b');
  lan.type('a', "curl -s http://b/");
  EXPECT_EQ(lan.status(), 7);
}

TEST(Reboot, BringsBackTheAddressesRoutesAndParametersOfTheBoot) {
  BootConfig a = on_lan('a');
  a.routes = {{.dst = {{}, 0}, .via = Lan::address('b'), .dev = {}}};
  a.sysctls = {{"net.ipv4.ip_forward", "1"}};
  Lan lan({a, on_lan('b')});
  const std::string before = lan.type('a', "ip addr; ip route; sysctl net.ipv4.ip_forward");
  lan.type('a', "ip route del default; ip addr flush dev eth0; sysctl -w net.ipv4.ip_forward=0");
  lan.reboot('a');
  EXPECT_EQ(lan.type('a', "ip addr; ip route; sysctl net.ipv4.ip_forward"), before);
}

}  // namespace
}  // namespace lvslab::host
