// The table nat and connection tracking in the way of packets, and what IPVS has to do with them.
#include "tests/host/lan.h"

namespace lvslab::host {
namespace {

using testing::HasSubstr;
using testing::Not;

/// a is outside, 10.0.0.1; b joins both networks, 10.0.0.2 and 10.1.0.2; c is inside, 10.1.0.3.
class Nat : public testing::Test {
 protected:
  Nat() {
    lan.type('b', "ip addr add 10.1.0.2/24 dev eth0; echo 1 > /proc/sys/net/ipv4/ip_forward");
    lan.type('b', "echo 0 > /proc/sys/net/ipv4/conf/all/send_redirects");
    lan.type('b', "echo 0 > /proc/sys/net/ipv4/conf/eth0/send_redirects");
    lan.type('c', "ip addr flush dev eth0; ip addr add 10.1.0.3/24 dev eth0");
    lan.type('c', "ip route add default via 10.1.0.2");
    for (const char host : {'a', 'b', 'c'}) {
      lan.type(host, "yum install httpd -y; service httpd start");
      lan.type(host, std::string("echo ") + host + " > /var/www/html/index.html");
    }
  }
  Lan lan{3};
};

TEST_F(Nat, MasqueradeLetsTheInsideOut) {
  EXPECT_EQ(lan.type('c', "curl -s -m 1 http://10.0.0.1/ || echo failed"), "failed\n")
      << "a does not know the way back";
  lan.pass(SimDuration{5'000'000'000});
  lan.type('b', "iptables -t nat -A POSTROUTING -s 10.1.0.0/24 -j MASQUERADE");
  lan.type('a', "tcpdump -n -i eth0 -c 1 tcp > seen & true");
  EXPECT_EQ(lan.type('c', "curl -s --local-port 40000 http://10.0.0.1/"), "a\n");
  lan.pass(SimDuration{1'000'000'000});
  EXPECT_THAT(lan.type('a', "cat seen"), HasSubstr("IP 10.0.0.2.40000 > 10.0.0.1.80"));
  EXPECT_THAT(lan.type('b', "iptables -t nat -L POSTROUTING -n -v"), HasSubstr("    1    60 MASQ"))
      << "the first packet of a flow alone is looked at";
  EXPECT_THAT(lan.type('b', "cat /proc/net/nf_conntrack"),
              HasSubstr("TIME_WAIT src=10.1.0.3 dst=10.0.0.1 sport=40000 dport=80 src=10.0.0.1 "
                        "dst=10.0.0.2 sport=80 dport=40000 [ASSURED]"));
}

TEST_F(Nat, PingsAndTheErrorsAboutThemComeBackInside) {
  lan.type('b', "iptables -t nat -A POSTROUTING -s 10.1.0.0/24 -j MASQUERADE");
  EXPECT_THAT(lan.type('c', "ping -c 1 10.0.0.1"), HasSubstr("1 received"));
  lan.type('b', "ip route add prohibit 10.7.0.0/16");
  EXPECT_THAT(lan.type('c', "ping -c 1 -W 1 10.7.0.1"), HasSubstr("Packet filtered"));
  EXPECT_THAT(lan.type('c', "ping -c 1 -t 1 10.0.0.1"), HasSubstr("From 10.1.0.2"));
  EXPECT_EQ(lan.type('c', "curl -s -m 1 http://10.0.0.1:81/; echo $?"), "7\n");
}

TEST_F(Nat, ForwardedPortsAreAnsweredAsTheRouter) {
  lan.type('b',
           "iptables -t nat -A PREROUTING -p tcp -d 10.0.0.2 --dport 8080 -j DNAT "
           "--to-destination 10.1.0.3:80");
  EXPECT_EQ(lan.type('a', "curl -s http://10.0.0.2:8080/"), "c\n");
  EXPECT_EQ(lan.type('a', "curl -s http://10.0.0.2/"), "b\n") << "other ports are the router's own";
  EXPECT_EQ(lan.decided('b', Reason::kNatDestination), 1);
}

TEST_F(Nat, RedirectTurnsPacketsToTheHostItself) {
  lan.type('b', "iptables -t nat -A PREROUTING -p tcp --dport 8080 -j REDIRECT --to-ports 80");
  EXPECT_EQ(lan.type('c', "curl -s http://10.0.0.1:8080/"), "b\n") << "a transparent proxy";
}

TEST_F(Nat, TheRoutersOwnConnectionsMeetTheChainOutput) {
  lan.type('b', "iptables -t nat -A OUTPUT -d 10.9.0.9 -j DNAT --to-destination 10.0.0.1");
  lan.type('b', "ip route add 10.9.0.0/16 via 10.1.0.3");
  lan.type('a', "ip route add 10.1.0.0/24 via 10.0.0.2");
  EXPECT_EQ(lan.type('b', "curl -s http://10.9.0.9/"), "a\n")
      << "it is routed again for its new destination";
  lan.type('b', "iptables -t nat -A OUTPUT -p tcp --dport 8888 -j REDIRECT --to-ports 80");
  EXPECT_EQ(lan.type('b', "curl -s http://10.0.0.1:8888/"), "b\n") << "over lo";
}

TEST_F(Nat, StatesLetAnswersInAndNothingElse) {
  lan.type('b', "iptables -A FORWARD -m state --state ESTABLISHED,RELATED -j ACCEPT");
  lan.type('b', "iptables -A FORWARD -s 10.1.0.0/24 -m conntrack --ctstate NEW -j ACCEPT");
  lan.type('b', "iptables -P FORWARD DROP");
  lan.type('a', "ip route add 10.1.0.0/24 via 10.0.0.2");
  EXPECT_EQ(lan.type('c', "curl -s -m 1 http://10.0.0.1/"), "a\n");
  EXPECT_EQ(lan.type('a', "curl -s -m 1 http://10.1.0.3/ || echo failed"), "failed\n");
}

TEST_F(Nat, ARefusalComesFromWhereTheClientWent) {
  lan.type('b', "iptables -t nat -A PREROUTING -p tcp --dport 8080 -j DNAT --to 10.1.0.3:80");
  EXPECT_EQ(lan.status(), 2) << "no abbreviations";
  lan.type('b',
           "iptables -t nat -A PREROUTING -p tcp --dport 8080 -j DNAT --to-destination "
           "10.1.0.3:80");
  for (const std::string_view with : {"icmp-port-unreachable", "tcp-reset"}) {
    lan.type('b', "iptables -F; iptables -A FORWARD -p tcp -j REJECT --reject-with " +
                      std::string(with));
    EXPECT_EQ(lan.type('a', "curl -s -m 1 http://10.0.0.2:8080/; echo $?"), "7\n") << with;
  }
}

TEST_F(Nat, TheKernelRefusesTargetsWhereTheyMakeNoSense) {
  const std::string invalid = "iptables: Invalid argument. Run `dmesg' for more information.\n";
  for (const std::string_view line :
       {"iptables -t nat -A PREROUTING -j MASQUERADE", "iptables -A FORWARD -j MASQUERADE",
        "iptables -t nat -A POSTROUTING -j DNAT --to-destination 10.0.0.1",
        "iptables -t nat -A PREROUTING -j SNAT --to-source 10.0.0.1",
        "iptables -t nat -A INPUT -j MASQUERADE", "iptables -t nat -A POSTROUTING -j REJECT"}) {
    EXPECT_EQ(lan.type('b', line), invalid) << line;
    EXPECT_EQ(lan.status(), 1);
  }
  lan.type('b', "iptables -t nat -N X; iptables -t nat -A X -j MASQUERADE");
  EXPECT_EQ(lan.status(), 0) << "nobody can come here yet";
  EXPECT_EQ(lan.type('b', "iptables -t nat -A PREROUTING -j X"), invalid);
  EXPECT_THAT(lan.type('b', "iptables -t nat -S"), Not(HasSubstr("-A PREROUTING")));
  EXPECT_EQ(lan.type('b', "iptables -t nat -A POSTROUTING -j X"), "");
}

TEST_F(Nat, AChangedTableForgetsWhatItsPoliciesCounted) {
  lan.type('b', "iptables -A OUTPUT -p icmp");
  lan.type('b', "ping -c 1 10.0.0.1");
  EXPECT_THAT(lan.type('b', "iptables -L OUTPUT -n -v"),
              testing::AllOf(HasSubstr("policy ACCEPT 1 packets"), HasSubstr("    1    84")));
  lan.type('b', "iptables -P FORWARD ACCEPT");
  EXPECT_THAT(lan.type('b', "iptables -L OUTPUT -n -v"),
              testing::AllOf(HasSubstr("policy ACCEPT 0 packets"), HasSubstr("    1    84")));
}

/// The same hosts, with a virtual service on b in NAT mode; c has no way back to a.
class NatAndIpvs : public Nat {
 protected:
  NatAndIpvs() {
    lan.type('c', "ip route del default");
    lan.type('b', "ip addr add 10.0.0.100/32 dev eth0; ipvsadm -A -t 10.0.0.100:80 -s rr");
    lan.type('b', "ipvsadm -a -t 10.0.0.100:80 -r 10.1.0.3:80 -m");
    lan.type('b', "iptables -t nat -A POSTROUTING -d 10.1.0.3 -j MASQUERADE");
  }
  std::string ask(int port) {
    return lan.type('a', "curl -s -m 1 --local-port " + std::to_string(port) +
                             " http://10.0.0.100/ || echo failed");
  }
};

TEST_F(NatAndIpvs, WithoutVsConntrackNatDoesNotSeeTheFlow) {
  EXPECT_EQ(ask(40'000), "failed\n");
  EXPECT_THAT(lan.type('b', "iptables -t nat -L POSTROUTING -n -v"), HasSubstr("    0     0 MASQ"));
  EXPECT_GE(lan.decided('b', Reason::kIpvsUntracked), 1);
  EXPECT_EQ(lan.type('b', "cat /proc/net/nf_conntrack"), "");
}

TEST_F(NatAndIpvs, WithVsConntrackTheServerAnswersToTheDirector) {
  lan.type('b', "echo 1 > /proc/sys/net/ipv4/vs/conntrack");
  EXPECT_EQ(ask(40'000), "c\n");
  EXPECT_THAT(lan.type('b', "cat /proc/net/nf_conntrack"),
              HasSubstr("src=10.0.0.1 dst=10.0.0.100 sport=40000 dport=80 src=10.1.0.3 "
                        "dst=10.1.0.2 sport=80 dport=40000 [ASSURED]"));
}

TEST_F(NatAndIpvs, AnEntryTakesItsFlowAlong) {
  lan.type('b', "echo 1 > /proc/sys/net/ipv4/vs/conntrack; ipvsadm --set 0 3 0");
  EXPECT_EQ(ask(40'000), "c\n");
  lan.pass(SimDuration{130'000'000'000});
  EXPECT_EQ(lan.type('b', "ipvsadm -lnc | grep 40000"), "");
  EXPECT_EQ(lan.type('b', "cat /proc/net/nf_conntrack"), "");
}

TEST_F(NatAndIpvs, APortUsedAnewIsServedAtOnce) {
  lan.type('b', "echo 1 > /proc/sys/net/ipv4/vs/conntrack");
  EXPECT_EQ(ask(40'000), "c\n");
  lan.pass(SimDuration{65'000'000'000});  // the client's TIME_WAIT lasts a minute, those of b two
  const SimTime before = lan.network.now();
  EXPECT_EQ(ask(40'000), "c\n");
  EXPECT_LT((lan.network.now() - before).ns, 500'000'000)
      << "tracking forgets the closed flow at the SYN, so nothing has to wait for a second";
}

}  // namespace
}  // namespace lvslab::host
