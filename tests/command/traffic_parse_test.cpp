// Command lines of curl, ab, nc, ncat, timeout, ping, traceroute, arping and tcpdump: read,
// refused, and written back.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "sim/command/ab.h"
#include "sim/command/arping.h"
#include "sim/command/curl.h"
#include "sim/command/nc.h"
#include "sim/command/ncat.h"
#include "sim/command/ping.h"
#include "sim/command/shell.h"
#include "sim/command/tcpdump.h"
#include "sim/command/timeout.h"
#include "sim/command/traceroute.h"

namespace lvslab::command {
namespace {

using testing::StartsWith;

/// The words of a line, as the shell gives them to a tool.
std::vector<std::string> words(std::string_view line) {
  const Script script = parse_script(line).value();
  for (const Node& node : script.nodes) {
    if (node.kind != Node::Kind::kSimple) continue;
    std::vector<std::string> out;
    for (const Word& word : node.words) {
      for (const std::string& field : expand(word, {})) out.push_back(field);
    }
    return out;
  }
  return {};
}

template <class Parse>
void expect_round_trip(const Parse& parse, std::initializer_list<std::string_view> lines) {
  for (const std::string_view line : lines) {
    const auto command = parse(words(line));
    ASSERT_TRUE(command.has_value()) << line << ": " << command.error().err;
    const std::string text = to_text(*command);
    const auto again = parse(words(text));
    ASSERT_TRUE(again.has_value()) << text << ": " << again.error().err;
    EXPECT_EQ(*again, *command) << line << " became " << text;
  }
}

struct Refusal {
  std::string_view line, message;
  int status;
};
template <class Parse>
void expect_refused(const Parse& parse, std::initializer_list<Refusal> refusals) {
  for (const Refusal& refusal : refusals) {
    const auto command = parse(words(refusal.line));
    ASSERT_FALSE(command.has_value()) << refusal.line;
    EXPECT_THAT(command.error().err, StartsWith(refusal.message)) << refusal.line;
    EXPECT_EQ(command.error().status, refusal.status) << refusal.line;
  }
}

TEST(CurlParse, SurvivesItsOwnText) {
  expect_round_trip(
      parse_curl,
      {"curl http://192.168.80.150/",
       "curl 192.168.80.150",
       "curl -sS -o /dev/null http://a/",
       R"(curl -s -o /dev/null -w '%{http_code} %{time_total}\n' http://192.168.80.150/)",
       "curl -I http://a/",
       "curl -v -m 1.25 --connect-timeout .5 http://a/ http://b/",
       "curl --local-port 40001 http://a/",
       "curl --local-port 40000-40002 --interface eth0 a",
       "curl -H 'Connection: close' -H 'Host: x' -A me --http1.0 a",
       "curl -0 -4 a --no-keepalive",
       "curl --silent --output x a",
       "curl -so x a",
       "curl -O http://a/index.html",
       "curl -X GET a",
       "curl --no-silent a",
       "curl --url a",
       "curl -- -a",
       "curl -P - ftp://a/b",
       "curl -l --disable-epsv ftp://a/b/",
       "curl --no-ftp-skip-pasv-ip --disable-eprt -P eth0:4000-4001 ftp://a:2121/b"});
}

TEST(CurlParse, RefusesInCurlsWords) {
  const std::string_view badly = "curl: option --local-port: is badly used here\n";
  expect_refused(
      parse_curl,
      {{"curl", "curl: try 'curl --help' or 'curl --manual' for more information\n", 2},
       {"curl --nope", "curl: option --nope: is unknown\ncurl: try", 2},
       {"curl -m", "curl: option -m: requires parameter\n", 2},
       {"curl -m x http://a/", "curl: option -m: expected a proper numerical parameter\n", 2},
       {"curl -m -1 http://a/", "curl: option -m: expected a positive numerical parameter\n", 2},
       {"curl --local-port abc http://a/", badly, 2},
       {"curl --local-port 99999 http://a/", badly, 2},
       {"curl --local-port 40010-40001 http://a/", badly, 2},
       {"curl -so http://a/", "curl: no URL specified!\n", 2},
       {"curl --outp x http://a/", "curl: option --outp: is ambiguous\n", 2},
       {"curl -d x http://a/", "lvslab: curl: option --data is not modelled", 2},
       {"curl -X POST http://a/", "lvslab: curl: -X POST is not modelled", 2},
       {"curl https://a/", "lvslab: curl: https:// is not modelled (close: http://, ftp://)", 2},
       {"curl 'http://a/[1-4]'", "lvslab: curl: globbing of URLs is not modelled", 2}});
}

TEST(CurlUrl, HostPortAndPath) {
  EXPECT_EQ(parse_curl_url("192.168.80.150")->path, "/");
  EXPECT_EQ(parse_curl_url("HTTP://a:8080/x?y#z").value(), (CurlUrl{"a", 8080, "/x?y", true}));
  EXPECT_EQ(parse_curl_url("http://a?x")->path, "/?x");
  EXPECT_EQ(parse_curl_url("http://a:/")->port, 80);
  EXPECT_EQ(parse_curl_url("http://").error().code, CurlCode::kUrlMalformat);
  EXPECT_EQ(parse_curl_url("http://a:99999/").error().code, CurlCode::kUrlMalformat);
  EXPECT_EQ(parse_curl_url("htp://a/").error().message,
            "Protocol \"htp\" not supported or disabled in libcurl");
}

TEST(AbParse, SurvivesItsOwnText) {
  expect_round_trip(parse_ab, {"ab http://192.168.80.150/", "ab -n 200 -c 10 http://a:8080/x",
                               "ab -k -q -r -d -S -l -i -n 6 -c 2 a/", "ab -t 5 -c 3 http://a/",
                               "ab -t 5 -n 7 http://a/", "ab -s 1 -H 'X-A: b' -n 2 http://a/"});
}

TEST(AbParse, RefusesInAbsWords) {
  expect_refused(
      parse_ab,
      {{"ab", "ab: wrong number of arguments\nUsage: ab [options]", 22},
       {"ab -n 6", "ab: wrong number of arguments\n", 22},
       {"ab http://192.168.80.150", "ab: invalid URL\nUsage:", 22},
       {"ab -n x http://a/", "Invalid number of requests\n\n", 1},
       {"ab -n 1 -c 2 http://a/", "ab: Cannot use concurrency level greater than total number", 22},
       {"ab -n 6 -c 0 http://a/", "apr_pollset_poll: Invalid argument (22)\n", 22},
       {"ab -p f http://a/", "lvslab: ab: option -p is not modelled", 2},
       {"ab https://a/", "lvslab: ab: https:// is not modelled", 2}});
}

TEST(PingParse, SurvivesItsOwnText) {
  expect_round_trip(parse_ping,
                    {"ping 192.168.80.201", "ping -c 3 -i 0.2 -W 1 -w 5 -s 1000 -q -n node01",
                     "ping -I eth0 -t 1 -M do a", "ping -c1 -O -D -b 192.168.80.255",
                     "ping a -M want", "ping -W 10 a"});
}

TEST(PingParse, RefusesInPingsWords) {
  expect_refused(
      parse_ping,
      {{"ping", "ping: usage error: Destination address required\n", 1},
       {"ping -c", "ping: option requires an argument -- 'c'\n\nUsage\n  ping [options]", 2},
       {"ping -c x 1.1.1.1", "ping: invalid argument: 'x'\n", 1},
       {"ping -c 0 1.1.1.1",
        "ping: invalid argument: '0': out of range: 1 <= value <= 9223372036854775807\n", 1},
       {"ping -t 300 a", "ping: invalid argument: '300': out of range: 0 <= value <= 255\n", 1},
       {"ping -M x a", "ping: invalid -M argument: x\n", 2},
       {"ping -y", "ping: invalid option -- 'y'\n", 2},
       {"ping -f a", "lvslab: ping: option -f is not modelled", 2}});
}

TEST(TracerouteParse, SurvivesItsOwnText) {
  expect_round_trip(parse_traceroute,
                    {"traceroute 10.2.0.10", "traceroute -n -q 1 -w 1 -m 3 -f 2 -N 1 a",
                     "traceroute -I -i eth0 -s 1.2.3.4 a 1500", "traceroute -w 1.5,2,4 -p 40000 a",
                     "traceroute --max-hops=4 --queries 2 a",
                     "traceroute -n -U --sport=5353 -f 9 -m 9 -q 4 a", "traceroute -U -p 5300 a"});
}

TEST(TracerouteParse, RefusesInTraceroutesWords) {
  expect_refused(parse_traceroute,
                 {{"traceroute -x", "Bad option `-x' (argc 1)\n", 2},
                  {"traceroute -m", "Option `-m' (argc 1) requires an argument: `-m max_ttl'\n", 2},
                  {"traceroute -m x a", "Cannot handle `-m' option with arg `x' (argc 2)\n", 2},
                  {"traceroute -m 0 a", "first hop out of range\n", 2},
                  {"traceroute -m 300 a", "max hops cannot be more than 255\n", 2},
                  {"traceroute -q 11 a", "no more than 10 probes per hop\n", 2},
                  {"traceroute -n", "Specify \"host\" missing argument.\n", 2},
                  {"traceroute a 2 c", "Extra arg `c' (position 3, argc 3)\n", 2},
                  {"traceroute a x",
                   "Cannot handle \"packetlen\" cmdline arg `x' on position 2 (argc 2)\n", 2},
                  {"traceroute --foo a", "Bad option `--foo' (argc 1)\n", 2},
                  {"traceroute -T a", "lvslab: traceroute: option -T is not modelled", 2}});
}

TEST(ArpingParse, SurvivesItsOwnText) {
  expect_round_trip(parse_arping,
                    {"arping 192.168.80.150", "arping -c 2 -w 2 -I eth0 a", "arping -D -f -q -b a",
                     "arping -U -c 1 -s 1.2.3.4 a", "arping -A -i 0.5 a"});
}

TEST(ArpingParse, RefusesInArpingsWords) {
  expect_refused(parse_arping, {{"arping", "\nUsage:\n  arping [options] <destination>", 2},
                                {"arping -x", "arping: invalid option -- 'x'\n\nUsage:", 2},
                                {"arping -c x a", "arping: invalid argument: 'x'\n", 1}});
}

TEST(NcParse, SurvivesItsOwnText) {
  expect_round_trip(parse_nc,
                    {"nc 10.0.0.1 80", "nc -l -p 8080", "nc -l 8080", "nc -lk 10.0.0.1 80",
                     "nc -vz web 20-25", "nc -u -w 1 -p 4000 -s 10.0.0.2 10.0.0.1 domain",
                     "nc -N -n -d 10.0.0.1 http", "nc -q -1 a 80", "nc -q 2 -w0 a 80",
                     "nc -6 -l 2001:db8::1 80", "nc -4 web 80", "nc -u 2001:db8::1 53"});
  EXPECT_EQ(parse_nc(words("nc -vz web 25-22"))->ports,
            (std::vector<std::uint16_t>{22, 23, 24, 25}));
}

TEST(NcParse, RefusesInNcsWords) {
  expect_refused(
      parse_nc,
      {{"nc", "usage: nc [-46CDdFhklNnrStUuvZz]", 1},
       {"nc -l", "nc: missing port number\n", 1},
       {"nc 10.0.0.1", "nc: missing port number\n", 1},
       {"nc -l -p 80 81", "usage: nc", 1},
       {"nc -l 10.0.0.1 80 90", "usage: nc", 1},
       {"nc -l -z 80", "nc: cannot use -z and -l\n", 1},
       {"nc -k 10.0.0.1 80", "nc: must use -l with -k\n", 1},
       {"nc -l 80-82", "nc: getaddrinfo: Servname not supported for ai_socktype\n", 1},
       {"nc -w x 10.0.0.1 80", "nc: timeout invalid: x\n", 1},
       {"nc -q x 10.0.0.1 80", "nc: quit timer invalid: x\n", 1},
       {"nc 10.0.0.1 99999", "nc: port number too large: 99999\n", 1},
       {"nc 10.0.0.1 0", "nc: port number too small: 0\n", 1},
       {"nc 10.0.0.1 x", "nc: port number invalid: x\n", 1},
       {"nc -w", "nc: option requires an argument -- 'w'\nusage: nc", 1},
       {"nc -Q a 80", "nc: invalid option -- 'Q'\nusage: nc", 1},
       {"nc -U /tmp/s", "lvslab: nc: option -U is not modelled", 2},
       {"nc -6 -l 80", "lvslab: nc: a socket for both versions of IP (-6 -l) is not modelled", 2}});
}

TEST(NcatParse, SurvivesItsOwnText) {
  expect_round_trip(
      parse_ncat, {"ncat --sctp 10.0.0.1 9000", "ncat --sctp web", "ncat -lk --sctp 9000",
                   "ncat --sctp -l -k 10.0.0.1 9000 -c 'echo \"a b\"; date'",
                   "ncat --sctp --listen --keep-open --exec /bin/cat", "ncat --sctp -l -k -p 9000",
                   "ncat --sctp -v -z -n -4 -w 1.5 -i 200ms -s 10.0.0.2 -p 7 web 9",
                   "ncat --sctp --recv-only --send-only -w 2m web 9", "ncat --version"});
  EXPECT_EQ(parse_ncat(words("ncat --sctp -w .25 web 9"))->wait, SimDuration{250'000'000});
}

// ncat 7.93 was asked.
TEST(NcatParse, RefusesInNcatsWords) {
  expect_refused(
      parse_ncat,
      {{"ncat web 80", "lvslab: ncat: TCP is not modelled (close: ncat --sctp, or nc)", 2},
       {"ncat --sctp -6 web 80", "lvslab: ncat: option -6 is not modelled", 2},
       {"ncat --sctp 2001:db8::9 80", "lvslab: ncat: SCTP over IPv6 is not modelled", 2},
       {"ncat --sctp -l 9000", "lvslab: ncat: --sctp -l for one connection alone is not modelled",
        2},
       {"ncat --sctp", "Ncat: You must specify a host to connect to. QUITTING.", 2},
       {"ncat --sctp -k web 9",
        "Ncat: Invalid option combination: `--keep-open' with connect. QUITTING.", 2},
       {"ncat --sctp web 1 2", "Ncat: Got more than one port specification: 1 2. QUITTING.", 2},
       {"ncat --sctp -l -k 1 2", "Ncat: Got more than one port specification: 1 2. QUITTING.", 2},
       {"ncat --sctp web 70000", "Ncat: Invalid port number \"70000\". QUITTING.", 2},
       {"ncat --sctp -p 70000 web 9", "Ncat: Invalid source port 70000. QUITTING.", 2},
       {"ncat --sctp -p x web 9", "Ncat: Invalid source port number \"x\". QUITTING.", 2},
       {"ncat --sctp -l -k -z 9",
        "Ncat: Services designed for LISTENING can't be used with -z QUITTING.", 2},
       {"ncat --sctp -c a -e b web 9",
        "Ncat: Only one of --exec, --sh-exec, and --lua-exec is allowed. QUITTING.", 2},
       {"ncat --sctp -w 0 web 9",
        "Ncat: Invalid -w timeout \"0\" (must be greater than 0 and less than 2147483s). QUITTING.",
        2},
       {"ncat --sctp -i 200 web 9",
        "Ncat: Since April 2010, the default unit for -i timeout is seconds, so your time of "
        "\"200\" "
        "is 3.3 minutes. Use \"200ms\" for 200 milliseconds. QUITTING.",
        2},
       {"ncat --sctp --nosuch", "ncat: unrecognized option '--nosuch'\nNcat: Try `--help'", 2},
       {"ncat --sctp -w", "ncat: option requires an argument -- 'w'\nNcat: Try `--help'", 2}});
}

TEST(TimeoutParse, SurvivesItsOwnText) {
  expect_round_trip(parse_timeout, {"timeout 2 nc -w 1 10.0.0.1 80", "timeout -s KILL 1.5m curl a",
                                    "timeout --preserve-status 0 sleep 3",
                                    "timeout --foreground -k 1 --signal=INT 2s ping a"});
}

TEST(TimeoutParse, RefusesInItsWords) {
  const std::string_view hint = "Try 'timeout --help' for more information.\n";
  expect_refused(parse_timeout,
                 {{"timeout", hint, 125},
                  {"timeout 1", hint, 125},
                  {"timeout x true", "timeout: invalid time interval 'x'\nTry", 125},
                  {"timeout -s FOO 1 true", "timeout: 'FOO': invalid signal\nTry", 125},
                  {"timeout -x 1 true", "timeout: invalid option -- 'x'\nTry", 125},
                  {"timeout -v 1 true", "lvslab: timeout: option -v is not", 2}});
}

TEST(TcpdumpParse, SurvivesItsOwnText) {
  expect_round_trip(parse_tcpdump,
                    {"tcpdump", "tcpdump -n -e -i eth0 arp", "tcpdump -nn -i any -c 5 port 80",
                     "tcpdump -nvv -tttt -s 96 -w x.pcap 'tcp port 80 and host 1.2.3.4'",
                     "tcpdump -r x.pcap -XX -A -S -q -l -p -U", "tcpdump port 80 -n"});
}

TEST(TcpdumpParse, TheRestOfTheLineIsTheFilter) {
  EXPECT_EQ(parse_tcpdump(words("tcpdump -n tcp port 80 -i eth0"))->filter, "tcp port 80");
}

TEST(TcpdumpParse, RefusesInTcpdumpsWords) {
  expect_refused(parse_tcpdump,
                 {{"tcpdump -c 0 -i eth0", "tcpdump: invalid packet count 0\n", 1},
                  {"tcpdump -i eth0 -c x", "tcpdump: invalid packet count x\n", 1},
                  {"tcpdump -c", "tcpdump: option requires an argument -- 'c'\ntcpdump version", 1},
                  {"tcpdump -s x", "tcpdump: invalid snaplen x (must be >= 0 and <= 262144)\n", 1},
                  {"tcpdump -G 5", "lvslab: tcpdump: option -G is not modelled", 2}});
}

}  // namespace
}  // namespace lvslab::command
