// keepalived as a service of a host: its processes, signals, log and addresses, and what of it
// survives.
#include <fmt/format.h>

#include <sstream>

#include "tests/host/lan.h"

namespace lvslab::host {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

std::string conf(std::string_view state, int priority) {
  return fmt::format(
      "vrrp_instance VI_1 {{\n state {}\n interface eth0\n virtual_router_id 51\n priority {}\n"
      " virtual_ipaddress {{\n  10.0.0.100/24\n }}\n}}\n"
      "virtual_server 10.0.0.100 80 {{\n lb_kind DR\n protocol TCP\n"
      " real_server 10.0.0.9 80 {{\n }}\n}}\n",
      state, priority);
}

/// Hosts a and b with keepalived, started; a has the higher priority, and is master by now.
class Pair {
 public:
  explicit Pair(std::string_view global = "") {
    for (const char host : {'a', 'b'}) {
      lan.type(host, "yum install keepalived -y");
      lan.type(host, "echo -e '" +
                         escaped(std::string(global) + conf("BACKUP", host == 'a' ? 100 : 50)) +
                         "' > /etc/keepalived/keepalived.conf");
      lan.type(host, "service keepalived start");
    }
    lan.pass(kSecond * 5);
  }
  bool has_vip(char host) {
    return lan.type(host, "ip addr").find("10.0.0.100") != std::string::npos;
  }
  std::string log(char host) { return lan.type(host, "cat /var/log/messages"); }

  Lan lan{2};

 private:
  static std::string escaped(const std::string& text) {
    std::string line;
    for (const char c : text) line += c == '\n' ? std::string("\\n") : std::string(1, c);
    return line;
  }
};

TEST(Keepalived, TheHigherPriorityHasTheAddress) {
  Pair pair;
  EXPECT_TRUE(pair.has_vip('a'));
  EXPECT_FALSE(pair.has_vip('b'));
  EXPECT_THAT(pair.lan.type('b', "ipvsadm -ln"), HasSubstr("10.0.0.9:80")) << "rules are on both";
}

TEST(Keepalived, RunsTheSyncDaemonAfterItsRouter) {
  Pair pair("global_defs {\n lvs_sync_daemon eth0 VI_1\n}\n");
  const auto daemon = [&](char host) { return pair.lan.type(host, "ipvsadm -l --daemon"); };
  EXPECT_THAT(daemon('a'), StartsWith("master sync daemon (mcast=eth0, syncid=51,"));
  EXPECT_THAT(daemon('b'), StartsWith("backup sync daemon (mcast=eth0, syncid=51,"));
  pair.lan.type('a', "ifconfig eth0 down");
  pair.lan.pass(kSecond * 5);
  EXPECT_THAT(daemon('a'), StartsWith("backup sync daemon")) << "it listens, although in FAULT";
  EXPECT_THAT(daemon('b'), StartsWith("master sync daemon"));
  pair.lan.type('b', "service keepalived reload");
  EXPECT_THAT(daemon('b'), StartsWith("master sync daemon"));
  EXPECT_THAT(pair.log('b'), HasSubstr("STARTDAEMON(1163) error: Daemon has already run(17)"));
  pair.lan.type('b', "service keepalived stop");
  pair.lan.pass(kSecond * 2);
  EXPECT_EQ(daemon('b'), "");
}

TEST(Keepalived, RunsBothSyncDaemonsWithoutARouterForThem) {
  Pair pair("global_defs {\n lvs_sync_daemon eth0\n}\n");
  EXPECT_THAT(pair.lan.type('b', "ipvsadm -l --daemon"),
              AllOf(HasSubstr("master sync daemon"), HasSubstr("backup sync daemon")));
  pair.lan.type('b', "service keepalived stop");
  pair.lan.pass(kSecond * 2);
  EXPECT_EQ(pair.lan.type('b', "ipvsadm -l --daemon"), "");
}

TEST(Keepalived, HasThreeProcessesAndTheirPidFiles) {
  Pair pair;
  EXPECT_EQ(pair.lan.type('a', "pidof keepalived"), "1004 1003 1002\n");
  EXPECT_EQ(pair.lan.type('a', "cat /run/keepalived.pid /run/checkers.pid /run/vrrp.pid"),
            "1002\n1003\n1004\n");
  EXPECT_EQ(pair.lan.type('a', "ps -e | grep -c keepalived"), "3\n");
}

TEST(Keepalived, StoppingTakesASecondAndHandsTheAddressOver) {
  Pair pair;
  const SimTime before = pair.lan.network.now();
  EXPECT_THAT(pair.lan.type('a', "service keepalived stop"), StartsWith("Redirecting"));
  EXPECT_EQ(pair.lan.network.now() - before, kSecond);
  EXPECT_TRUE(pair.has_vip('b')) << "priority 0 spares it the wait";
  EXPECT_EQ(pair.lan.type('a', "systemctl is-active keepalived"), "inactive\n");
  EXPECT_THAT(pair.lan.type('a', "ipvsadm -ln"), Not(HasSubstr("10.0.0.9")));
  EXPECT_THAT(pair.log('a'), HasSubstr("Keepalived[1002]: Stopped Keepalived v2.2.7"));
}

TEST(Keepalived, RestartWaitsForTheOldOne) {
  Pair pair;
  pair.lan.type('a', "systemctl restart keepalived");
  EXPECT_EQ(pair.lan.status(), 0);
  EXPECT_EQ(pair.lan.type('a', "systemctl is-active keepalived"), "active\n");
  EXPECT_EQ(pair.lan.type('a', "grep -c 'Startup complete' /var/log/messages"), "2\n");
}

TEST(Keepalived, KilledAtOnceLeavesEverythingBehind) {
  Pair pair;
  pair.lan.type('a', "kill -9 $(pidof keepalived)");
  pair.lan.pass(kSecond * 5);
  EXPECT_TRUE(pair.has_vip('a'));
  EXPECT_TRUE(pair.has_vip('b'));
  EXPECT_THAT(pair.lan.type('a', "ipvsadm -ln"), HasSubstr("10.0.0.9"));
  EXPECT_EQ(pair.lan.type('a', "pidof keepalived"), "");
  pair.lan.type('a', "service keepalived start");
  EXPECT_FALSE(pair.has_vip('a')) << "what an earlier run left behind goes first";
  EXPECT_THAT(pair.log('a'), HasSubstr("Remove a zombie pid file /run/keepalived.pid"));
}

TEST(Keepalived, ItsChildrenLeaveInOrderWhenTheParentAloneIsKilled) {
  Pair pair;
  pair.lan.type('a', "kill -9 $(cat /run/keepalived.pid)");
  pair.lan.pass(kSecond * 2);
  EXPECT_FALSE(pair.has_vip('a'));
  EXPECT_TRUE(pair.has_vip('b'));
  EXPECT_EQ(pair.lan.type('a', "systemctl is-active keepalived"), "inactive\n");
}

TEST(Keepalived, AChildThatIsKilledIsStartedAgain) {
  Pair pair;
  pair.lan.type('a', "kill -9 $(cat /run/vrrp.pid)");
  pair.lan.pass(kSecond);
  EXPECT_FALSE(pair.has_vip('a')) << "the new one takes the address away and begins as backup";
  EXPECT_THAT(pair.log('a'), HasSubstr("VRRP child process(1004) died: Respawning"));
  pair.lan.pass(kSecond * 5);
  EXPECT_TRUE(pair.has_vip('a'));
}

TEST(Keepalived, ReloadKeepsTheMaster) {
  Pair pair;
  pair.lan.type('a', "service keepalived reload");
  EXPECT_TRUE(pair.has_vip('a'));
  pair.lan.pass(kSecond * 5);
  EXPECT_TRUE(pair.has_vip('a'));
  EXPECT_FALSE(pair.has_vip('b'));
  EXPECT_THAT(pair.log('a'), HasSubstr("Reload complete"));
}

TEST(Keepalived, ComesBackAfterARebootOnlyIfItIsEnabled) {
  Pair pair;
  pair.lan.type('a', "systemctl enable keepalived");
  pair.lan.reboot('a');
  pair.lan.reboot('b');
  pair.lan.pass(kSecond * 5);
  EXPECT_TRUE(pair.has_vip('a'));
  EXPECT_EQ(pair.lan.type('b', "systemctl is-active keepalived; ls /run"), "inactive\n");
}

TEST(Keepalived, JournalctlShowsItsLines) {
  Pair pair;
  EXPECT_EQ(pair.lan.type('a', "journalctl -u httpd"), "-- No entries --\n");
  EXPECT_THAT(pair.lan.type('a', "journalctl -u keepalived -n 1"),
              HasSubstr("Sending gratuitous ARP on eth0 for 10.0.0.100"));
}

TEST(Keepalived, ABadFileIsRefusedWithItsPlace) {
  Lan lan(1);
  lan.type('a', "yum install keepalived -y");
  lan.type('a', "echo 'vrrp_instance V { interface nosuch }' > /etc/keepalived/keepalived.conf");
  lan.type('a', "keepalived -t");
  EXPECT_NE(lan.status(), 0);
  lan.type('a', "service keepalived start");
  EXPECT_EQ(lan.type('a', "systemctl is-active keepalived"), "inactive\n");
}

/// What the VRRP process of `host` has logged since `line`, without the time and who said it.
std::string said_since(Pair& pair, char host, std::string_view line) {
  const std::string log =
      pair.lan.type(host, "grep Keepalived_vrrp /var/log/messages | cut -d: -f4-");
  const std::size_t at = log.rfind(line);
  return at == std::string::npos ? "" : log.substr(at);
}

TEST(Keepalived, StartsInFaultOnAnInterfaceThatIsDown) {
  Pair pair;
  pair.lan.type('a', "service keepalived stop; ifconfig eth0 down; service keepalived start");
  EXPECT_THAT(said_since(pair, 'a', "Assigned address"),
              StartsWith("Assigned address 10.0.0.1 for interface eth0\n"
                         " (VI_1): entering FAULT state (interface eth0 down)\n"
                         " (VI_1) entering FAULT state\n"
                         " Registering gratuitous ARP shared channel\n"
                         " (VI_1) removing VIPs.\n"
                         " VRRP sockpool: "));
  pair.lan.type('a', "ifconfig eth0 up");
  pair.lan.pass(kSecond * 5);
  EXPECT_TRUE(pair.has_vip('a'));
}

TEST(Keepalived, AGroupStartsInFaultWithItsFirst) {
  Pair pair(
      "vrrp_sync_group G {\n group {\n  VI_1\n  VI_2\n }\n}\n"
      "vrrp_instance VI_2 {\n interface eth0\n virtual_router_id 52\n priority 9\n"
      " track_interface {\n  lo weight 0\n }\n virtual_ipaddress {\n  10.0.0.101/24\n }\n}\n");
  pair.lan.type('b', "service keepalived stop");
  pair.lan.pass(kSecond * 5);
  ASSERT_TRUE(pair.has_vip('a'));
  pair.lan.type('a', "service keepalived stop; ifconfig lo down; service keepalived start");
  EXPECT_THAT(said_since(pair, 'a', "Assigned address"),
              AllOf(HasSubstr(" (VI_2): entering FAULT state (interface lo down)\n"
                              " VRRP_Group(G): Syncing VI_2 to FAULT state\n"),
                    HasSubstr(" (VI_1) entering FAULT state\n"),
                    HasSubstr(" (VI_2) entering FAULT state\n")));
  pair.lan.pass(kSecond * 5);
  EXPECT_FALSE(pair.has_vip('a'));
  pair.lan.type('a', "ifconfig lo up");
  pair.lan.pass(kSecond * 10);
  EXPECT_TRUE(pair.has_vip('a'));
}

TEST(Keepalived, ReadsItsInstancesOnlyOnceIpvsIsThere) {
  Pair pair(
      "global_defs {\n lvs_sync_daemon eth0 VI_2\n}\n"
      "vrrp_instance VI_2 {\n interface eth0\n virtual_router_id 52\n priority 9\n nopreempt\n"
      " preempt_delay 5\n virtual_ipaddress {\n  10.0.0.101/24\n }\n}\n");
  EXPECT_THAT(said_since(pair, 'a', "Initializing ipvs"),
              StartsWith("Initializing ipvs\n"
                         " (VI_2) preempt_delay is incompatible with nopreempt mode - resetting\n"
                         " Assigned address 10.0.0.1 for interface eth0\n"));
}

TEST(Keepalived, AMasterThatReloadsTakesItsAddressesBeforeItsSyncDaemon) {
  Pair pair("global_defs {\n lvs_sync_daemon eth0 VI_1\n}\n");
  pair.lan.type('a', "service keepalived reload");
  EXPECT_THAT(said_since(pair, 'a', "(VI_1) setting VIPs"),
              StartsWith("(VI_1) setting VIPs.\n"
                         " IPVS cmd IP_VS_SO_SET_STARTDAEMON(1163) error: Daemon has already "
                         "run(17)\n"));
}

TEST(Keepalived, ShoutsAgainBeforeTheAdvertThatIsDueAtTheSameTime) {
  Pair pair("global_defs {\n vrrp_garp_master_refresh 5\n}\n");
  pair.lan.pass(kSecond * 4);
  const std::string said = said_since(pair, 'a', "Entering MASTER STATE");
  // Five at once, five after garp_master_delay, and one with the advert of that moment.
  std::vector<int> bursts;
  std::istringstream lines(said);
  for (std::string line; std::getline(lines, line);) {
    if (line.find("queueing") != std::string::npos) bursts.push_back(0);
    if (line.find(" Sending gratuitous") != std::string::npos) ++bursts.back();
  }
  EXPECT_THAT(bursts, testing::ElementsAre(5, 5, 1));
}

TEST(Keepalived, WritesWhatItsRoutersKnow) {
  Pair pair;
  pair.lan.type('a', "kill -USR1 $(cat /run/vrrp.pid)");
  pair.lan.type('b', "kill -USR1 $(cat /run/vrrp.pid)");
  EXPECT_THAT(pair.lan.type('a', "cat /tmp/keepalived.data"),
              AllOf(HasSubstr("   State = MASTER\n"), HasSubstr("   Using src_ip = 10.0.0.1\n"),
                    HasSubstr("     10.0.0.100/24 dev eth0 scope global set\n")));
  EXPECT_THAT(pair.lan.type('b', "cat /tmp/keepalived.data"),
              AllOf(HasSubstr("   State = BACKUP\n"), HasSubstr("   Master router = 10.0.0.1\n"),
                    HasSubstr("   Master priority = 100\n"),
                    HasSubstr("     10.0.0.100/24 dev eth0 scope global\n")));
}

}  // namespace
}  // namespace lvslab::host
