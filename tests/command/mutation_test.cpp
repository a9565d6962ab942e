// Command lines with slips in them: every line is understood or refused in words, and what is
// understood reads the same when it is written out.
#include "tests/mutation.h"

#include <gtest/gtest.h>

#include "sim/command/command.h"
#include "sim/command/shell.h"

namespace lvslab::command {
namespace {

const std::vector<std::string> kLines = {
    "ifconfig eth0:1 192.168.80.150/24",
    "ifconfig lo:1 192.168.80.150 netmask 255.255.255.255",
    "echo 1 > /proc/sys/net/ipv4/conf/all/arp_ignore",
    "yum install httpd -y && service httpd start",
    "ipvsadm -A -t 192.168.80.150:80 -s rr -p 60",
    "ipvsadm -a -t 192.168.80.150:80 -r 192.168.80.202 -g -w 1",
    "ipvsadm -ln --stats; ipvsadm -lnc; ipvsadm --set 900 120 300",
    "for i in $(seq 1 6); do curl -s -m 3 http://192.168.80.150/; done",
    "curl -s -o /dev/null -w '%{http_code} %{time_total}\\n' -I http://a:8080/x?y=1",
    "ab -n 100 -c 10 http://192.168.80.150/index.html",
    "ping -c 3 -i 0.2 -W 1 -s 56 192.168.80.1 | grep received",
    "timeout -s INT 2 nc -w 1 -p 4000 10.0.0.1 20-25 < a; echo b | nc -vuk -l 53 &",
    "traceroute -n -m 5 10.0.0.1; arping -c 2 -I eth0 10.0.0.1",
    "tcpdump -n -e -i eth0 -c 5 'tcp port 80 and host 10.0.0.1'",
    "ip -s -br addr show dev eth0; ip -j route get 10.0.0.1",
    "ip addr add 10.0.0.1/24 brd + dev eth0 label eth0:1 scope global",
    "ip route add default via 10.0.0.1 dev eth0 metric 10 table 7",
    "ip neigh replace 10.0.0.2 lladdr 02:00:00:00:00:02 dev eth0 nud permanent",
    "ip rule add from 10.0.0.0/24 fwmark 1 table 7 prio 100; ip link set eth0 up mtu 1400",
    "netstat -natp; ss -natp state established; arp -n -d 10.0.0.1",
    "route -n; route add -net 10.0.0.0/8 gw 1.2.3.4; route del default",
    "sysctl -w net.ipv4.ip_forward=1; cat < a | tee -a b > c 2>&1 & wait",
    "x=\"a b\" y='c'; echo $x ${y} \"$(echo `echo z`)\" {1..3}{a,b} ~ # comment",
    "grep -v -E '^a.*b$' f | sort -r | uniq -c | head -n 3 | cut -d: -f1,2-3 | wc -l",
    "kill -9 1001; ps aux; hostname -I; date +%s; seq -w 1 2 10; export A=b; exit 3"};

const std::vector<std::string> kTokens = {" ",         ";",          "&",
                                          "&&",        "||",         "|",
                                          ">",         ">>",         "<",
                                          "2>&1",      "'",          "\"",
                                          "\\",        "`",          "$(",
                                          ")",         "$",          "${",
                                          "}",         "{",          "{a,b}",
                                          "{1..9}",    "#",          "\n",
                                          "do",        "done",       "!",
                                          "for ",      "in",         "-",
                                          "--",        "-n ",        "-1",
                                          "0",         "4294967296", "1e9",
                                          "0.0.0.0/0", "-c",         "999999999999999999999",
                                          "=",         ":",          "/",
                                          "\xff",      "\x01",       "~",
                                          "*"};

class MutatedLine : public testing::TestWithParam<int> {};

TEST_P(MutatedLine, IsUnderstoodOrRefusedInWords) {
  test::Mutator mutator(static_cast<std::uint64_t>(GetParam()), kLines, kTokens);
  for (int i = 0; i < 400; ++i) {
    const std::string line = mutator.next();
    const auto script = parse_script(line);
    if (!script) {
      EXPECT_NE(script.error().status, 0) << line;
      EXPECT_FALSE((script.error().out + script.error().err).empty()) << line;
      continue;
    }
    const auto again = parse_script(to_text(*script));
    ASSERT_TRUE(again.has_value()) << line << "\n=> " << to_text(*script);
    EXPECT_EQ(*again, *script) << line << "\n=> " << to_text(*script);
  }
}

TEST_P(MutatedLine, GivesCommandsThatReadTheSameWhenWritten) {
  test::Mutator mutator(static_cast<std::uint64_t>(GetParam()) + 1'000, kLines, kTokens);
  for (int i = 0; i < 400; ++i) {
    const auto script = parse_script(mutator.next());
    if (!script) continue;
    for (const Node& node : script->nodes) {
      std::vector<std::string> args;
      for (const Word& word : node.words) {
        for (std::string& field : expand(word, {}, std::vector<std::string>(9, "7"))) {
          args.push_back(std::move(field));
        }
      }
      if (node.kind != Node::Kind::kSimple || args.empty()) continue;
      const auto command = parse_command(args);
      if (!command) {
        // --help and --version are no mistakes, but end a command as well.
        const Output& said = command.error();
        EXPECT_FALSE(said.status != 0 && said.out.empty() && said.err.empty()) << join_words(args);
        continue;
      }
      const auto words = parse_script(to_text(*command));
      ASSERT_TRUE(words.has_value()) << join_words(args) << "\n=> " << to_text(*command);
      std::vector<std::string> written;
      for (const Node& simple : words->nodes) {
        if (simple.kind != Node::Kind::kSimple) continue;
        for (const Word& word : simple.words) written.push_back(expand_to_one(word, {}));
      }
      const auto reread = parse_command(written);
      ASSERT_TRUE(reread.has_value()) << join_words(args) << "\n=> " << to_text(*command);
      EXPECT_EQ(to_text(*reread), to_text(*command)) << join_words(args);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, MutatedLine, testing::Range(1, 7));

}  // namespace
}  // namespace lvslab::command
