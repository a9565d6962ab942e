// Typed commands: parse and text are inverse, bad usage reads like the real tool's, and no line of
// words crashes a parser.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/base/prng.h"
#include "sim/command/close_match.h"
#include "sim/command/command.h"
#include "sim/command/shell.h"

namespace lvslab::command {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<std::string> words_of(std::string_view line) {
  const auto script = parse_script(line);
  std::vector<std::string> out;
  if (!script || script->nodes.empty()) return out;
  for (const Word& word : script->nodes[0].words) {
    for (std::string& field : expand(word, {})) out.push_back(std::move(field));
  }
  return out;
}
Output bad(std::string_view line) {
  const auto command = parse_command(words_of(line));
  EXPECT_FALSE(command.has_value()) << line;
  return command ? Output{} : command.error();
}

constexpr std::array kGoodLines = std::to_array<std::string_view>({
    "ifconfig",
    "ifconfig -a",
    "ifconfig -s",
    "ifconfig eth0",
    "ifconfig eth0:1 192.168.80.150/24",
    "ifconfig lo:1 192.168.80.150 netmask 255.255.255.255",
    "ifconfig eth0 down",
    "ifconfig eth0 up",
    "ifconfig eth0 10.0.0.1 netmask 255.0.0.0 broadcast 10.255.255.255 up mtu 1400",
    "ifconfig eth0 hw ether 02:00:00:00:00:22 -arp promisc",
    "ip a",
    "ip -br -c a",
    "ip -s -s link",
    "ip -j -p addr show dev lo",
    "ip addr add 10.0.0.1/24 dev eth0",
    "ip ad d 10.0.0.1 dev eth0",
    "ip addr add 10.0.0.1/24 brd + dev eth0 label eth0:1 scope link",
    "ip addr flush dev eth0",
    "ip addr replace 1.2.3.4/32 broadcast 1.2.3.255 dev lo",
    "ip link set eth0 down",
    "ip link set dev eth0 mtu 1400 arp off promisc on address 02:00:00:00:00:05",
    "ip route add default via 192.168.80.1",
    "ip ro add 10/8 via 1.2.3.4 dev eth0 metric 7 onlink",
    "ip route add blackhole 10.0.0.0/8",
    "ip route add local 1.2.3.0/24 dev lo table 100",
    "ip route del 10.0.0.0/8",
    "ip route get 1.2.3.4 from 5.6.7.8 iif eth0 mark 0x7",
    "ip route show table local",
    "ip ro sh ta all",
    "ip r l match 10.1.1.1 dev eth0 proto static",
    "ip route flush table 100",
    "ip -s route flush root 10.0.0.0/8",
    "ip n",
    "ip neigh flush all",
    "ip neigh add 1.2.3.4 lladdr 02:00:00:00:00:01 nud permanent dev eth0",
    "ip neigh show nud all",
    "ip -s neigh flush dev eth0",
    "ip neigh del 1.2.3.4 dev eth0",
    "ip rule",
    "ip rule flush",
    "ip rule add from 10.0.0.0/8 to 1.2.3.4 fwmark 0x1/0xff iif eth0 lookup 100 pref 5",
    "ip rule add fwmark 7 blackhole",
    "ip rule del pref 5",
    "ip -V",
    "ip -4 -o -d route",
    "arp",
    "arp -an",
    "arp -n -i eth0",
    "arp -d 1.2.3.4",
    "arp -s 1.2.3.4 02:00:00:00:00:09 temp",
    "route -n",
    "route add default gw 1.2.3.4 dev eth0",
    "route add -net 10.0.0.0 netmask 255.0.0.0 gw 1.2.3.4",
    "route add -host 10.2.2.2 reject",
    "route del -net 10.0.0.0/8",
    "route add -host 1.2.3.4 eth0",
    "netstat -natp",
    "netstat -rn",
    "netstat -i",
    "netstat",
    "netstat --tcp --listening",
    "ss",
    "ss -natp",
    "ss -lnt sport = :80",
    "ss -s",
    "ss state time-wait dst 10.0.0.0/8",
    "sysctl -a",
    "sysctl -w net.ipv4.ip_forward=1",
    "sysctl -n net/ipv4/ip_forward",
    "sysctl -a -r arp_ignore",
    "yum install httpd -y",
    "apt-get install -y ipvsadm curl",
    "service httpd start",
    "systemctl is-active httpd.service",
    "echo",
    "echo -n 'a  b'",
    "echo -e 'a\\tb'",
    "ls -la /proc",
    "hostname",
    "hostname -I",
    "hostname node09",
    "true",
    ":",
    "false",
    "seq 6",
    "seq -w 8 11",
    "seq 5 -2 1",
    "seq -s , 3",
    "sleep 0.5",
    "sleep 2m",
    "date +%s",
    "mkdir -p /a/b",
    "touch x",
    "rm -rf /a",
    "kill -9 12 %1",
    "ps aux",
    "export A=1 B",
    "cd",
    "cd /tmp",
    "pwd",
    "wait",
    "jobs",
    "uname -rn",
    "whoami",
    "reboot",
    "shutdown -h now",
    "clear",
    "exit 3",
    "modprobe ip_vs",
    "cat -n f",
    "grep -c 'a b' f",
    "grep -E -i -o -n 'x|y'",
    "grep -A2 -B 1 -e -x",
    "wc -l",
    "head -5",
    "tail -n +3 f",
    "tee -a f",
    "sed -i 's/state MASTER/state BACKUP/;s/priority 100/priority 50/' f",
    "sed -n -E -s -e '/a|b/I,$!s/x+/[&]\\n/2gpI' -e '3,5d' -e p a b",
    "sed -i.old 's:/a/:/:' f",
    "sort -rn -k 2",
    "uniq -c",
    "cut -d: -f1,3-",
    "./x.sh a",
    "/sbin/ifconfig eth0",
});

TEST(TypedCommands, TextOfAParsedLineParsesToTheSame) {
  for (const std::string_view line : kGoodLines) {
    const auto first = parse_command(words_of(line));
    ASSERT_TRUE(first.has_value()) << line << "\n" << first.error().err << first.error().out;
    const std::string text = to_text(*first);
    const auto second = parse_command(words_of(text));
    ASSERT_TRUE(second.has_value()) << line << " => " << text << "\n" << second.error().err;
    EXPECT_EQ(*first, *second) << line << " => " << text;
    EXPECT_EQ(to_text(*second), text) << line;
  }
}

TEST(TypedCommands, RandomMixturesOfWordsNeverCrashAndKeepTheIdentity) {
  std::vector<std::string> pool = {
      "-",  "--",    "-x",         "=",   "",       "/",       "1", "-1", "99999999999999999999",
      "0x", "1.2.3", "1.2.3.4/33", "x=y", "--help", "\xff\xfe"};
  std::vector<std::vector<std::string>> lines;
  for (const std::string_view line : kGoodLines) {
    lines.push_back(words_of(line));
    pool.insert(pool.end(), lines.back().begin() + 1, lines.back().end());
  }
  Prng prng(7);
  const auto any = [&prng](const auto& list) -> const auto& {
    return list[prng.below(static_cast<std::uint32_t>(list.size()))];
  };
  int parsed = 0;
  for (int i = 0; i < 40'000; ++i) {
    std::vector<std::string> words = any(lines);
    for (std::uint32_t k = 1 + prng.below(3); k > 0; --k) {
      const std::uint32_t at = 1 + prng.below(static_cast<std::uint32_t>(words.size()));
      if (at < words.size() && prng.below(2) == 0) {
        words[at] = any(pool);
      } else {
        words.insert(words.begin() + at, any(pool));
      }
    }
    const auto first = parse_command(words);
    if (!first) {
      EXPECT_TRUE(!first.error().err.empty() || !first.error().out.empty()) << join_words(words);
      continue;
    }
    ++parsed;
    const auto second = parse_command(words_of(to_text(*first)));
    ASSERT_TRUE(second.has_value()) << join_words(words) << " => " << to_text(*first);
    ASSERT_EQ(*first, *second) << join_words(words) << " => " << to_text(*first);
  }
  EXPECT_GT(parsed, 4000);
}

TEST(TypedCommands, AnAliasCarriesItsAddressAndLength) {
  const auto command = parse_command(words_of("ifconfig eth0:1 192.168.80.150/24"));
  const auto& typed = std::get<IfconfigCommand>(command.value());
  EXPECT_EQ(typed.dev, "eth0:1");
  ASSERT_EQ(typed.actions.size(), 1U);
  EXPECT_EQ(typed.actions[0].addr.to_string(), "192.168.80.150");
  EXPECT_EQ(typed.actions[0].len, 24);
}

TEST(TypedCommands, IfconfigTakes32BitsForNone) {
  const auto command = parse_command(words_of("ifconfig lo:1 192.168.80.150/32"));
  EXPECT_EQ(std::get<IfconfigCommand>(command.value()).actions[0].len, 0)
      << "net-tools shifts by 32; only `netmask 255.255.255.255` says what is meant";
}

TEST(BadUsage, OfIpIsWhatIpSays) {
  const std::vector<std::tuple<std::string, std::string, int>> cases = {
      {"ip foo", "Object \"foo\" is unknown, try \"ip help\".\n", 1},
      {"ip -x addr", "Option \"-x\" is unknown, try \"ip -help\".\n", 255},
      {"ip addr foo", "Command \"foo\" is unknown, try \"ip address help\".\n", 255},
      {"ip addr add", "Not enough information: \"dev\" argument is required.\n", 1},
      {"ip addr add 10.0.0.300/24 dev eth0",
       "Error: any valid prefix is expected rather than \"10.0.0.300/24\".\n", 1},
      {"ip addr add 10.0.0.1/24 dev eth0 foo",
       "Error: either \"local\" is duplicate, or \"foo\" is a garbage.\n", 255},
      {"ip addr add 10.0.0.1/24 dev", "Command line is not complete. Try option \"help\"\n", 255},
      {"ip link set eth0 mtu abc", "Error: argument \"abc\" is wrong: Invalid \"mtu\" value\n\n",
       255},
      {"ip link set eth0 address xx", "\"xx\" is invalid lladdr.\n", 1},
      {"ip link set lo arp x", "Error: argument of \"arp\" must be \"on\" or \"off\", not \"x\"\n",
       1},
      {"ip route add 10.0.0.0/8 foo",
       "Error: either \"to\" is duplicate, or \"foo\" is a garbage.\n", 255},
      {"ip route add 10.0.0.0/8 via foo", "Error: inet address is expected rather than \"foo\".\n",
       1},
      {"ip route get", "need at least a destination address\n", 1},
      {"ip route show table nope",
       "Error: argument \"nope\" is wrong: table id value is invalid\n\n", 255},
      {"ip route flush", "\"ip route flush\" requires arguments.\n", 1},
      {"ip neigh add 192.168.80.1", "Device and destination are required arguments.\n", 255},
      {"ip neigh flush", "Flush requires arguments.\n", 1},
      {"ip rule add", "\"ip rule add\" requires arguments.\n", 1},
      {"ip rule add foo", "Error: argument \"foo\" is wrong: Failed to parse rule type\n", 255}};
  for (const auto& [line, err, status] : cases) {
    EXPECT_EQ(bad(line), (Output{"", err, status})) << line;
  }
  EXPECT_THAT(bad("ip route help").err, HasSubstr("Usage: ip route { list | flush } SELECTOR"));
}

TEST(BadUsage, OfOtherToolsIsWhatTheySay) {
  const std::vector<std::tuple<std::string, std::string, int>> cases = {
      {"ifconfig eth0 999.1.1.1",
       "999.1.1.1: Unknown host\nifconfig: `--help' gives usage information.\n", 1},
      {"ifconfig eth0 hw ether xx", "xx: invalid ether address.\n", 1},
      {"ifconfig -x",
       "ifconfig: option `-x' not recognised.\nifconfig: `--help' gives usage information.\n", 1},
      {"arp -d", "arp: need host name\n", 255},
      {"arp -s 192.168.80.9 zz", "arp: invalid hardware address\n", 255},
      {"route add default gw nohost", "nohost: Unknown host\n", 6},
      {"ss state nope", "ss: wrong state name: nope\n", 255},
      {"sysctl -w net.ipv4.ip_forward", "sysctl: command line(0): invalid syntax, continuing...\n",
       1},
      {"service nosuch start", "nosuch: unrecognized service\n", 1},
      {"hostname a_b", "hostname: the specified hostname is invalid\n", 1},
      {"grep '['", "grep: Unmatched [, [^, [:, [., or [=\n", 2},
      {"sed s/two", "sed: -e expression #1, char 5: unterminated `s' command\n", 1},
      {"sed s/a/b/q", "sed: -e expression #1, char 7: unknown option to `s'\n", 1},
      {"sed k", "sed: -e expression #1, char 1: unknown command: `k'\n", 1},
      {"sed 0p", "sed: -e expression #1, char 2: invalid usage of line address 0\n", 1},
      {"sed -e p -e 'p p'", "sed: -e expression #2, char 3: extra characters after command\n", 1},
      {"sed /two", "sed: -e expression #1, char 4: unterminated address regex\n", 1},
      {"sed -i s/a/b/", "sed: no input files\n", 1},
      {"sleep x", "sleep: invalid time interval 'x'\nTry 'sleep --help' for more information.\n",
       1}};
  for (const auto& [line, err, status] : cases) {
    EXPECT_EQ(bad(line), (Output{"", err, status})) << line;
  }
}

TEST(BadUsage, WhatIsNotModelledNamesWhatIsClose) {
  EXPECT_EQ(bad("ss -i"), (Output{"",
                                  "lvslab: ss: option -i is not modelled (close: -n -a -l -t -u -w "
                                  "-p -H -s)\n",
                                  2}));
  EXPECT_EQ(bad("vi x"), (Output{"",
                                 "lvslab: vi is not modelled (close: echo TEXT > FILE; at the "
                                 "prompt of lvslab shell and step vi opens $EDITOR)\n",
                                 127}));
  EXPECT_THAT(bad("yum install haproxy -y").err, HasSubstr("package haproxy is not modelled"));
  EXPECT_EQ(bad("ifconfg eth0"), (Output{"",
                                         "bash: ifconfg: command not found\n"
                                         "lvslab: modelled commands close to it: ifconfig\n",
                                         127}));
  EXPECT_EQ(bad("zzzzzz"), (Output{"", "bash: zzzzzz: command not found\n", 127}));
}

TEST(CloseMatch, FindsTheNearestWord) {
  const std::vector<std::string> keys = {"hosts", "switches", "timeline", "expect"};
  EXPECT_EQ(close_match("host", keys), "hosts");
  EXPECT_EQ(close_match("tiemline", keys), "timeline");
  EXPECT_EQ(close_match("zzz", keys), "");
  EXPECT_EQ(edit_distance("ab", "ba"), 1U);
  EXPECT_EQ(edit_distance("", "abc"), 3U);
}

std::string filtered(std::string_view line, std::string_view input) {
  const auto command = parse_command(words_of(line));
  if (!command) return command.error().err;
  EXPECT_TRUE(is_filter(*command)) << line;
  return run_filter(*command, input).out;
}

TEST(Filters, DoWhatPipelinesNeed) {
  EXPECT_EQ(filtered("grep b", "abc\nxyz\nb\n"), "abc\nb\n");
  EXPECT_EQ(filtered("grep -vc b", "abc\nxyz\nb"), "1\n");
  EXPECT_EQ(filtered("grep -on 'a.' ", "abac\nx\n"), "1:ab\n1:ac\n");
  EXPECT_EQ(filtered("grep -E '^(a|bc)+$'", "abca\nabcd\nbc\n"), "abca\nbc\n");
  EXPECT_EQ(filtered("grep -w 'a\\|b'", "ab\na b\nb\n"), "a b\nb\n");
  EXPECT_EQ(filtered("grep -A1 x", "x\n1\n2\nx\n3\n"), "x\n1\n--\nx\n3\n");
  EXPECT_EQ(filtered("grep -E '[0-9]{1,3}(\\.[0-9]{1,3}){3}' -o", "a 10.0.0.1:80 b\n"),
            "10.0.0.1\n");
  EXPECT_EQ(filtered("sort", "b\na\nc\n"), "a\nb\nc\n");
  EXPECT_EQ(filtered("sort -rn", "9\n10\n1\n"), "10\n9\n1\n");
  EXPECT_EQ(filtered("uniq -c", "a\na\nb\n"), "      2 a\n      1 b\n");
  EXPECT_EQ(filtered("wc -l", "a\nb\n"), "2\n");
  EXPECT_EQ(filtered("wc", "a b\nc\n"), "      2       3       6\n");
  EXPECT_EQ(filtered("head -2", "1\n2\n3\n"), "1\n2\n");
  EXPECT_EQ(filtered("tail -n +2", "1\n2\n3\n"), "2\n3\n");
  EXPECT_EQ(filtered("tail -1", "1\n2\n3"), "3");
  EXPECT_EQ(filtered("cut -d ' ' -f 2", "a b c\nnone\n"), "b\nnone\n");
  EXPECT_EQ(filtered("cat -n", "a\nb\n"), "     1\ta\n     2\tb\n");
}

TEST(Filters, SedEditsLines) {
  const std::string_view text = "one two\nthree two\nlast";
  EXPECT_EQ(filtered("sed s/two/2/", text), "one 2\nthree 2\nlast");
  EXPECT_EQ(filtered("sed '/two/!s/a/A/g'", text), "one two\nthree two\nlAst");
  EXPECT_EQ(filtered("sed '$d'", text), "one two\nthree two\n");
  EXPECT_EQ(filtered("sed 3,1p", text), "one two\nthree two\nlast\nlast");
  EXPECT_EQ(filtered("sed '/one/,/three/d;p'", text), "last\nlast");
  EXPECT_EQ(filtered("sed -n '2,$p'", text), "three two\nlast");
  EXPECT_EQ(filtered("sed 's/two/&&\\n\\&/'", text), "one twotwo\n&\nthree twotwo\n&\nlast");
  EXPECT_EQ(filtered("sed -E 's/(a|o)n/X/2;s/t/T/I'", text), "one Two\nThree two\nlasT");
  EXPECT_EQ(filtered("sed 's/x*/-/g'", "abc\n"), "-a-b-c-\n");
  EXPECT_EQ(filtered("sed 's:/[/]:\\::2'", "a//b//c\n"), "a//b:c\n");
}

TEST(Filters, ReportFilesThatCannotBeRead) {
  const auto command = parse_command(words_of("cat a nofile"));
  const std::vector<NamedText> inputs = {{"a", "text\n"},
                                         {"nofile", "", "No such file or directory"}};
  EXPECT_THAT(input_files(*command), ElementsAre("a", "nofile"));
  EXPECT_EQ(run_filter(*command, inputs),
            (Output{"text\n", "cat: nofile: No such file or directory\n", 1}));
}

TEST(Filters, LongLinesTakeNoRecursion) {
  EXPECT_EQ(filtered("grep -c '\\(a*\\)*b'", std::string(200'000, 'a') + "\n"), "0\n");
}

TEST(Echo, UnderstandsItsEscapes) {
  const auto echo = [](std::string_view line) {
    return run_echo(std::get<EchoCommand>(parse_command(words_of(line)).value()));
  };
  EXPECT_EQ(echo("echo a  b"), "a b\n");
  EXPECT_EQ(echo("echo -n a"), "a");
  EXPECT_EQ(echo("echo -e 'a\\tb\\x41\\0101\\cz'"), "a\tbAA");
  EXPECT_EQ(echo("echo -x"), "-x\n");
}

TEST(Seq, CountsBothWays) {
  const auto seq = [](std::string_view line) {
    return run_seq(std::get<SeqCommand>(parse_command(words_of(line)).value()));
  };
  EXPECT_EQ(seq("seq 3"), "1\n2\n3\n");
  EXPECT_EQ(seq("seq 5 -2 1"), "5\n3\n1\n");
  EXPECT_EQ(seq("seq -w 9 10"), "09\n10\n");
  EXPECT_EQ(seq("seq 2 1"), "");
}

}  // namespace
}  // namespace lvslab::command
