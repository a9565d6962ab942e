// iptables: what is typed, and listings as iptables 1.8.9 (legacy) printed them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/command/iptables.h"

namespace lvslab::command {
namespace {

using ::testing::HasSubstr;
using IptablesVerb = IptablesCommand::Verb;

std::vector<std::string> rule_words(std::string_view line) {
  std::vector<std::string> words;
  while (!line.empty()) {
    words.emplace_back(line.substr(0, line.find(' ')));
    line.remove_prefix(std::min(line.size(), words.back().size() + 1));
  }
  return words;
}
Parsed<IptablesCommand> parse(std::string_view line) { return parse_iptables(rule_words(line)); }

/// A table with the chains of `names`, all built in.
NfTable table_of(std::string_view name, std::initializer_list<std::string_view> names) {
  NfTable table;
  table.name = name;
  for (const std::string_view chain : names) {
    table.chains.push_back({.name = std::string(chain), .built_in = true});
  }
  return table;
}
NfTable mangle() {
  return table_of("mangle", {"PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"});
}
NfTable filter() { return table_of("filter", {"INPUT", "FORWARD", "OUTPUT"}); }

void append(NfTable& table, std::string_view line) {
  const auto command = parse(line);
  ASSERT_TRUE(command) << line << ": " << command.error().err;
  table.find(command->chain)->rules.push_back({command->rule, {}});
}

NfTable marking() {
  NfTable table = mangle();
  append(table,
         "iptables -t mangle -A PREROUTING -d 10.0.0.9 -p tcp --dport 80 -j MARK --set-mark 7");
  append(table,
         "iptables -t mangle -A PREROUTING -d 10.0.0.9 -p tcp -m multiport --dports 80,443 -j MARK "
         "--set-mark 0x7");
  append(table,
         "iptables -t mangle -A PREROUTING -i eth0 -p udp -s 10.0.0.0/8 --sport 53 -j MARK "
         "--set-mark 8");
  return table;
}

NfTable guarding() {
  NfTable table = filter();
  append(table, "iptables -A INPUT -p tcp --dport 22 -j ACCEPT");
  append(table, "iptables -A INPUT -p icmp -j DROP");
  append(table, "iptables -A INPUT -p tcp -j REJECT --reject-with tcp-reset");
  append(table, "iptables -A INPUT ! -s 10.0.0.0/8 -i lo -j ACCEPT");
  append(table, "iptables -I FORWARD 1 -j REJECT");
  table.find("FORWARD")->policy_drop = true;
  return table;
}

TEST(IptablesSave, WritesRulesAsTheKernelHasThem) {
  EXPECT_EQ(render_iptables_rules(marking(), ""),
            "-P PREROUTING ACCEPT\n"
            "-P INPUT ACCEPT\n"
            "-P FORWARD ACCEPT\n"
            "-P OUTPUT ACCEPT\n"
            "-P POSTROUTING ACCEPT\n"
            "-A PREROUTING -d 10.0.0.9/32 -p tcp -m tcp --dport 80 -j MARK --set-xmark "
            "0x7/0xffffffff\n"
            "-A PREROUTING -d 10.0.0.9/32 -p tcp -m multiport --dports 80,443 -j MARK --set-xmark "
            "0x7/0xffffffff\n"
            "-A PREROUTING -s 10.0.0.0/8 -i eth0 -p udp -m udp --sport 53 -j MARK --set-xmark "
            "0x8/0xffffffff\n");
  EXPECT_EQ(render_iptables_rules(guarding(), ""),
            "-P INPUT ACCEPT\n"
            "-P FORWARD DROP\n"
            "-P OUTPUT ACCEPT\n"
            "-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT\n"
            "-A INPUT -p icmp -j DROP\n"
            "-A INPUT -p tcp -j REJECT --reject-with tcp-reset\n"
            "-A INPUT ! -s 10.0.0.0/8 -i lo -j ACCEPT\n"
            "-A FORWARD -j REJECT --reject-with icmp-port-unreachable\n");
}

NfTable translating() {
  NfTable table = table_of("nat", {"PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"});
  for (const std::string_view line :
       {"iptables -t nat -A PREROUTING -d 10.0.0.9 -p tcp --dport 8082 -j DNAT --to-destination "
        "10.0.0.2-10.0.0.4:80-82",
        "iptables -t nat -A PREROUTING -p tcp --dport 8083:8090 -j DNAT --to-destination "
        "10.0.0.2:80-90/8083",
        "iptables -t nat -A PREROUTING -p tcp --dport 8084 -j DNAT --to-destination :80",
        "iptables -t nat -A PREROUTING -p tcp --dport 8085 -j REDIRECT",
        "iptables -t nat -A PREROUTING -p tcp --dport 8086 -j REDIRECT --to-ports 80-82 --random",
        "iptables -t nat -A POSTROUTING -s 10.0.0.0/24 -o eth0 -j MASQUERADE",
        "iptables -t nat -A POSTROUTING -p udp -j MASQUERADE --to-ports 1024-2048 --random-fully",
        "iptables -t nat -A POSTROUTING -s 10.9.0.0/24 -p tcp -j SNAT --to-source "
        "10.1.0.1-10.1.0.3:1000-2000 --persistent",
        "iptables -t nat -A POSTROUTING -j SNAT --to-source 10.1.0.1 --random --random-fully"}) {
    append(table, line);
  }
  return table;
}

NfTable watching() {
  NfTable table = filter();
  append(table, "iptables -A FORWARD -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT");
  append(table, "iptables -A FORWARD -m state --state NEW -m tcp -p tcp --dport 22 -j ACCEPT");
  append(table, "iptables -A FORWARD -m conntrack ! --ctstate NEW,UNTRACKED,SNAT,DNAT -j DROP");
  return table;
}

TEST(IptablesSave, WritesNatAndStatesAsTheToolDoes) {
  EXPECT_EQ(render_iptables_rules(translating(), ""),
            "-P PREROUTING ACCEPT\n"
            "-P INPUT ACCEPT\n"
            "-P OUTPUT ACCEPT\n"
            "-P POSTROUTING ACCEPT\n"
            "-A PREROUTING -d 10.0.0.9/32 -p tcp -m tcp --dport 8082 -j DNAT --to-destination "
            "10.0.0.2-10.0.0.4:80-82\n"
            "-A PREROUTING -p tcp -m tcp --dport 8083:8090 -j DNAT --to-destination "
            "10.0.0.2:80-90/8083\n"
            "-A PREROUTING -p tcp -m tcp --dport 8084 -j DNAT --to-destination :80\n"
            "-A PREROUTING -p tcp -m tcp --dport 8085 -j REDIRECT\n"
            "-A PREROUTING -p tcp -m tcp --dport 8086 -j REDIRECT --to-ports 80-82 --random\n"
            "-A POSTROUTING -s 10.0.0.0/24 -o eth0 -j MASQUERADE\n"
            "-A POSTROUTING -p udp -j MASQUERADE --to-ports 1024-2048 --random-fully\n"
            "-A POSTROUTING -s 10.9.0.0/24 -p tcp -j SNAT --to-source "
            "10.1.0.1-10.1.0.3:1000-2000 --persistent\n"
            "-A POSTROUTING -j SNAT --to-source 10.1.0.1 --random --random-fully\n");
  EXPECT_EQ(render_iptables_rules(watching(), "FORWARD"),
            "-P FORWARD ACCEPT\n"
            "-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"
            "-A FORWARD -p tcp -m state --state NEW -m tcp --dport 22 -j ACCEPT\n"
            "-A FORWARD -m conntrack ! --ctstate NEW,UNTRACKED,SNAT,DNAT -j DROP\n");
}

struct Listing {
  std::string_view line;
  NfTable (*table)();
  std::string_view chain_text;
};
const Listing kListings[] = {
    {"iptables -t mangle -L PREROUTING -n -v", marking,
     "Chain PREROUTING (policy ACCEPT 0 packets, 0 bytes)\n"
     " pkts bytes target     prot opt in     out     source               destination         \n"
     "    0     0 MARK       6    --  *      *       0.0.0.0/0            10.0.0.9             tcp "
     "dpt:80 MARK set 0x7\n"
     "    0     0 MARK       6    --  *      *       0.0.0.0/0            10.0.0.9             "
     "multiport dports 80,443 MARK set 0x7\n"
     "    0     0 MARK       17   --  eth0   *       10.0.0.0/8           0.0.0.0/0            udp "
     "spt:53 MARK set 0x8\n"},
    {"iptables -t mangle -L PREROUTING", marking,
     "Chain PREROUTING (policy ACCEPT)\n"
     "target     prot opt source               destination         \n"
     "MARK       tcp  --  anywhere             10.0.0.9             tcp dpt:http MARK set 0x7\n"
     "MARK       tcp  --  anywhere             10.0.0.9             multiport dports http,https "
     "MARK "
     "set 0x7\n"
     "MARK       udp  --  10.0.0.0/8           anywhere             udp spt:domain MARK set 0x8\n"},
    {"iptables -t mangle -L PREROUTING -n --line-numbers", marking,
     "Chain PREROUTING (policy ACCEPT)\n"
     "num  target     prot opt source               destination         \n"
     "1    MARK       6    --  0.0.0.0/0            10.0.0.9             tcp dpt:80 MARK set 0x7\n"
     "2    MARK       6    --  0.0.0.0/0            10.0.0.9             multiport dports 80,443 "
     "MARK "
     "set 0x7\n"
     "3    MARK       17   --  10.0.0.0/8           0.0.0.0/0            udp spt:53 MARK set "
     "0x8\n"},
    {"iptables -nvL INPUT", guarding,
     "Chain INPUT (policy ACCEPT 0 packets, 0 bytes)\n"
     " pkts bytes target     prot opt in     out     source               destination         \n"
     "    0     0 ACCEPT     6    --  *      *       0.0.0.0/0            0.0.0.0/0            tcp "
     "dpt:22\n"
     "    0     0 DROP       1    --  *      *       0.0.0.0/0            0.0.0.0/0           \n"
     "    0     0 REJECT     6    --  *      *       0.0.0.0/0            0.0.0.0/0            "
     "reject-with tcp-reset\n"
     "    0     0 ACCEPT     0    --  lo     *      !10.0.0.0/8           0.0.0.0/0           \n"},
    {"iptables -t nat -L PREROUTING -n -v", translating,
     "Chain PREROUTING (policy ACCEPT 0 packets, 0 bytes)\n"
     " pkts bytes target     prot opt in     out     source               destination         \n"
     "    0     0 DNAT       6    --  *      *       0.0.0.0/0            10.0.0.9             tcp "
     "dpt:8082 to:10.0.0.2-10.0.0.4:80-82\n"
     "    0     0 DNAT       6    --  *      *       0.0.0.0/0            0.0.0.0/0            tcp "
     "dpts:8083:8090 to:10.0.0.2:80-90/8083\n"
     "    0     0 DNAT       6    --  *      *       0.0.0.0/0            0.0.0.0/0            tcp "
     "dpt:8084 to::80\n"
     "    0     0 REDIRECT   6    --  *      *       0.0.0.0/0            0.0.0.0/0            tcp "
     "dpt:8085\n"
     "    0     0 REDIRECT   6    --  *      *       0.0.0.0/0            0.0.0.0/0            tcp "
     "dpt:8086 redir ports 80-82 random\n"},
    {"iptables -t nat -L POSTROUTING", translating,
     "Chain POSTROUTING (policy ACCEPT)\n"
     "target     prot opt source               destination         \n"
     "MASQUERADE  all  --  10.0.0.0/24          anywhere            \n"
     "MASQUERADE  udp  --  anywhere             anywhere             masq ports: 1024-2048 "
     "random-fully\n"
     "SNAT       tcp  --  10.9.0.0/24          anywhere             "
     "to:10.1.0.1-10.1.0.3:1000-2000 persistent\n"
     "SNAT       all  --  anywhere             anywhere             to:10.1.0.1 random "
     "random-fully\n"},
    {"iptables -L FORWARD -n", watching,
     "Chain FORWARD (policy ACCEPT)\n"
     "target     prot opt source               destination         \n"
     "ACCEPT     0    --  0.0.0.0/0            0.0.0.0/0            ctstate "
     "RELATED,ESTABLISHED\n"
     "ACCEPT     6    --  0.0.0.0/0            0.0.0.0/0            state NEW tcp dpt:22\n"
     "DROP       0    --  0.0.0.0/0            0.0.0.0/0            ! ctstate "
     "NEW,UNTRACKED,SNAT,DNAT\n"},
    {"iptables -L INPUT", guarding,
     "Chain INPUT (policy ACCEPT)\n"
     "target     prot opt source               destination         \n"
     "ACCEPT     tcp  --  anywhere             anywhere             tcp dpt:ssh\n"
     "DROP       icmp --  anywhere             anywhere            \n"
     "REJECT     tcp  --  anywhere             anywhere             reject-with tcp-reset\n"
     "ACCEPT     all  -- !10.0.0.0/8           anywhere            \n"},
};

TEST(IptablesList, PrintsWhatTheToolPrints) {
  for (const Listing& listing : kListings) {
    const auto command = parse(listing.line);
    ASSERT_TRUE(command) << listing.line;
    EXPECT_EQ(render_iptables_list(listing.table(), *command), listing.chain_text) << listing.line;
  }
}

TEST(IptablesParse, AndItsTextAreInverse) {
  for (const std::string_view line :
       {"iptables -A INPUT -p tcp --dport 22 -j ACCEPT",
        "iptables -I FORWARD 3 -j REJECT",
        "iptables -t mangle -A PREROUTING -p udp --sport 1000:2000 -j MARK --set-mark 3",
        "iptables -t mangle -A OUTPUT -m mark --mark 1/3 -j MARK --or-mark 8",
        "iptables -D INPUT 2",
        "iptables -D INPUT ! -i eth0 -j DROP",
        "iptables -P INPUT DROP",
        "iptables -N X",
        "iptables -X X",
        "iptables -F",
        "iptables -Z INPUT",
        "iptables -S",
        "iptables -L -n -v --line-numbers",
        "iptables -A INPUT -p tcp --syn -j DROP",
        "iptables -A INPUT -p tcp -m multiport ! --ports 1,2,5:9 -j RETURN",
        "iptables -A INPUT -m state --state NEW -p tcp -m tcp --dport 22 -j ACCEPT",
        "iptables -A INPUT -m conntrack ! --ctstate SNAT,INVALID -j DROP",
        "iptables -t nat -A PREROUTING -p tcp -j DNAT --to-destination 10.0.0.2:80-90/8083",
        "iptables -t nat -A PREROUTING -p udp -j REDIRECT --to-ports 53",
        "iptables -t nat -A POSTROUTING -j SNAT --to-source 10.0.0.2-10.0.0.9 --persistent",
        "iptables -t nat -A POSTROUTING -p tcp -j MASQUERADE --to-ports 1-9 --random"}) {
    const auto command = parse(line);
    ASSERT_TRUE(command) << line << ": " << command.error().err;
    const auto again = parse(to_text(*command));
    ASSERT_TRUE(again) << to_text(*command) << ": " << again.error().err;
    EXPECT_EQ(*again, *command) << to_text(*command);
  }
}

TEST(IptablesParse, ComplainsLikeTheTool) {
  const std::pair<std::string_view, std::string_view> lines[] = {
      {"iptables", "no command specified"},
      {"iptables -A INPUT --dport 80 -j DROP", "unknown option \"--dport\""},
      {"iptables -A INPUT -p frob -j DROP", "unknown protocol \"frob\" specified"},
      {"iptables -A INPUT -p tcp --dport 99999 -j DROP", "invalid port/service `99999' specified"},
      {"iptables -A INPUT -s 300.1.1.1 -j DROP", "host/network `300.1.1.1' not found"},
      {"iptables -A INPUT what", "Bad argument `what'"},
      {"iptables -A INPUT --ctstate NEW", "unknown option \"--ctstate\""},
      {"iptables -A INPUT -m conntrack -j DROP", "conntrack: At least one option is required"},
      {"iptables -A INPUT -m state -j DROP", "state: option \"--state\" must be specified"},
      {"iptables -A INPUT -m conntrack --ctstate FOO", "Bad ctstate \"FOO\""},
      {"iptables -A INPUT -m state --state SNAT", "Bad state \"SNAT\""},
      {"iptables -t nat -A POSTROUTING -j SNAT", "SNAT: option \"--to-source\" must be specified"},
      {"iptables -t nat -A PREROUTING -j DNAT",
       "DNAT: option \"--to-destination\" must be specified"},
      {"iptables -t nat -A PREROUTING -j DNAT --to-destination 1.2.3.4:80",
       "Need TCP, UDP, SCTP or DCCP with port specification"},
      {"iptables -t nat -A PREROUTING -p tcp -j DNAT --to-destination 1.2.3.4:99999",
       "Port `99999' not valid"},
      {"iptables -t nat -A PREROUTING -p tcp -j DNAT --to-destination foo",
       "Bad IP address \"foo\""},
      {"iptables -t nat -A PREROUTING -p tcp -j REDIRECT --to-ports foo", "Port `foo' not valid"},
      {"iptables -t nat -A PREROUTING -p tcp -j DNAT --to-source 1.2.3.4",
       "unknown option \"--to-source\""},
      {"iptables -t nat -A POSTROUTING -j DROP",
       "\nThe \"nat\" table is not intended for filtering, the use of DROP is therefore "
       "inhibited.\n"},
  };
  for (const auto& [line, message] : lines) {
    const auto command = parse(line);
    ASSERT_FALSE(command.has_value()) << line;
    EXPECT_THAT(command.error().err, HasSubstr("iptables v1.8.9 (legacy): " + std::string(message)))
        << line;
    EXPECT_EQ(command.error().status, 2);
  }
  const auto table = parse("iptables -t foo -L");
  ASSERT_FALSE(table.has_value());
  EXPECT_EQ(table.error().status, 3);
}

TEST(IptablesParse, PortsOfSctp) {
  NfTable table = mangle();
  append(table, "iptables -t mangle -A PREROUTING -p sctp --dport 9000:9100 -j MARK --set-mark 1");
  EXPECT_THAT(render_iptables_rules(table, "PREROUTING"),
              HasSubstr("-A PREROUTING -p sctp -m sctp --dport 9000:9100 -j MARK"));
}

TEST(IptablesParse, RefusesByNameWhatIsNotModelled) {
  for (const std::string_view line :
       {"iptables -t raw -L", "iptables -t raw -A PREROUTING -j NOTRACK",
        "iptables -A INPUT -m limit --limit 1/s -j ACCEPT", "iptables -A INPUT -j LOG",
        "iptables -t nat -A PREROUTING -p sctp --dport 9 -j DNAT --to-destination 10.0.0.9:9"}) {
    const auto command = parse(line);
    ASSERT_FALSE(command.has_value()) << line;
    EXPECT_THAT(command.error().err, HasSubstr("not modelled")) << line;
    EXPECT_EQ(command.error().status, 2);
  }
}

}  // namespace
}  // namespace lvslab::command
