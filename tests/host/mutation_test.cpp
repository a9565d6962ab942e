// Mistyped lines on a host: whatever is typed, the host goes on.
#include "tests/mutation.h"

#include "tests/host/lan.h"

namespace lvslab::host {
namespace {

const std::vector<std::string> kLines = {
    "ifconfig eth0:1 10.0.0.150/24; ifconfig eth0 down; ifconfig eth0 up",
    "echo 1 > /proc/sys/net/ipv4/conf/all/arp_ignore; cat /proc/net/arp",
    "yum install httpd -y; service httpd start; echo x > /var/www/html/index.html",
    "ipvsadm -A -t 10.0.0.150:80 -s rr; ipvsadm -a -t 10.0.0.150:80 -r 10.0.0.2 -g -w 1",
    "for i in $(seq 1 3); do curl -s -m 1 http://10.0.0.2/; done | sort | uniq -c",
    "ab -n 20 -c 5 http://10.0.0.2/",
    "ping -c 2 b | grep received && echo yes || echo no",
    "tcpdump -n -i any -c 3 'arp or icmp' > f & ping -c 1 b; wait; cat f",
    "ip addr add 10.1.0.1/24 dev eth0; ip route add 10.9.0.0/16 via 10.0.0.2",
    "ip route add 10.9.0.0/16 via 10.0.0.2; ip route del 10.9.0.0/16",
    "ip neigh flush dev eth0; ip rule add from 10.0.0.1 table 7; ip link set eth0 mtu 900",
    "nc -l 8080 > f & echo x | timeout 1 nc -N 10.0.0.2 8080; nc -vuz -w 1 10.0.0.2 53",
    "traceroute -n -m 3 10.9.9.9; arping -c 1 -I eth0 10.0.0.2; sysctl -a | wc -l",
    "netstat -natp; ss -natp; ps aux; jobs; kill %1; mkdir -p a/b; cd a; rm -r b; ls -l /proc/sys"};
const std::vector<std::string> kTokens = {
    " ",       ";",         "&",         "|",       ">",    "<",      "'",     "\"",
    "$(",      ")",         "$?",        "{1..20}", "0",    "-1",     "65536", "255.255.255.255",
    "0.0.0.0", "127.0.0.1", "224.0.0.1", "lo",      "eth9", "/proc/", "-n",    "reboot;"};

class MutatedTyping : public testing::TestWithParam<int> {};

TEST_P(MutatedTyping, LeavesAHostThatWorks) {
  test::Mutator mutator(static_cast<std::uint64_t>(GetParam()), kLines, kTokens);
  Lan lan(2);
  for (int i = 0; i < 40; ++i) {
    const std::string line = mutator.next();
    const JobId job = lan.start('a', line);
    lan.pass({2'000'000'000});
    for (int again = 0; again < 20 && !lan.job('a', job).done; ++again) {
      lan.network.interrupt(Lan::id('a'), job, &lan.trace);
      lan.pass({1'000'000});
    }
    ASSERT_TRUE(lan.job('a', job).done) << "Ctrl-C does not end it: " << line;
    lan.network.tables(Lan::id('a'));
    if (!lan.network.is_up(Lan::id('a'))) lan.reboot('a');
  }
  lan.reboot('a');
  EXPECT_EQ(lan.type('a', "hostname"), "a\n");
}

INSTANTIATE_TEST_SUITE_P(Seeds, MutatedTyping, testing::Range(1, 7));

}  // namespace
}  // namespace lvslab::host
