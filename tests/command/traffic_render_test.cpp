// What curl, ab, ping, traceroute, arping and tcpdump print, against real runs of the tools.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "sim/command/ab.h"
#include "sim/command/arping.h"
#include "sim/command/curl.h"
#include "sim/command/ping.h"
#include "sim/command/tcpdump.h"
#include "sim/command/traceroute.h"

namespace lvslab::command {
namespace {

using namespace lvslab::literals;

Ipv4Addr ip(std::string_view text) { return *Ipv4Addr::parse(text); }

PingCommand ping_to(std::string target) {
  PingCommand command;
  command.target = std::move(target);
  return command;
}

TEST(PingLines, TwoRepliesFromARouterAway) {
  const PingCommand ping = ping_to("10.2.0.10");
  PingStats stats{.transmitted = 2, .received = 2};
  stats.add(10584_us);
  stats.add(4984_us);
  const Ipv4Addr target = ip("10.2.0.10");
  EXPECT_EQ(ping_header(ping, target, {}) + ping_reply(ping, {}, 64, target, "", 1, 63, 10584_us) +
                ping_reply(ping, {}, 64, target, "", 2, 63, 4984_us) +
                ping_statistics(ping, stats, 1002_ms),
            "PING 10.2.0.10 (10.2.0.10) 56(84) bytes of data.\n"
            "64 bytes from 10.2.0.10: icmp_seq=1 ttl=63 time=10.6 ms\n"
            "64 bytes from 10.2.0.10: icmp_seq=2 ttl=63 time=4.98 ms\n"
            "\n--- 10.2.0.10 ping statistics ---\n"
            "2 packets transmitted, 2 received, 0% packet loss, time 1002ms\n"
            "rtt min/avg/max/mdev = 4.984/7.784/10.584/2.800 ms\n");
  EXPECT_EQ(ping_status(ping, stats), 0);
}

TEST(PingLines, NobodyThere) {
  const PingCommand ping = ping_to("192.168.80.77");
  const PingStats stats{.transmitted = 3, .errors = 3, .pipe = 3};
  EXPECT_EQ(ping_icmp_error(ip("192.168.80.10"), 1, 3, 1),
            "From 192.168.80.10 icmp_seq=1 Destination Host Unreachable\n");
  EXPECT_EQ(ping_statistics(ping, stats, 2055_ms),
            "\n--- 192.168.80.77 ping statistics ---\n"
            "3 packets transmitted, 0 received, +3 errors, 100% packet loss, time 2055ms\n"
            "pipe 3\n");
  EXPECT_EQ(ping_statistics(ping, {.transmitted = 1}, {}),
            "\n--- 192.168.80.77 ping statistics ---\n"
            "1 packets transmitted, 0 received, 100% packet loss, time 0ms\n\n");
  EXPECT_EQ(ping_status(ping, stats), 1);
}

TEST(PingLines, TimesLoseDigitsAsTheyGrow) {
  const auto shown = [](SimDuration rtt) {
    const std::string line = ping_reply(ping_to("a"), {}, 64, {}, "", 1, 64, rtt);
    return line.substr(line.find("time="));
  };
  EXPECT_EQ(shown(40_us), "time=0.040 ms\n");
  EXPECT_EQ(shown(2285_us), "time=2.29 ms\n");
  EXPECT_EQ(shown(9996_us), "time=10.0 ms\n");
  EXPECT_EQ(shown(99'949_us), "time=99.9 ms\n");
  EXPECT_EQ(shown(99'950_us), "time=100 ms\n");
}

TEST(PingLines, HeadersNamesAndErrorsOfAllKinds) {
  PingCommand ping = ping_to("192.168.80.201");
  ping.interface = "eth0";
  EXPECT_EQ(
      ping_header(ping, ip("192.168.80.201"), ip("192.168.80.10")),
      "PING 192.168.80.201 (192.168.80.201) from 192.168.80.10 eth0: 56(84) bytes of data.\n");
  ping.interface = "192.168.80.10";
  EXPECT_EQ(ping_header(ping, ip("192.168.80.201"), ip("192.168.80.10")),
            "PING 192.168.80.201 (192.168.80.201) from 192.168.80.10 : 56(84) bytes of data.\n");
  EXPECT_EQ(ping_reply(ping_to("localhost"), {}, 64, ip("127.0.0.1"), "localhost", 1, 64, 66_us),
            "64 bytes from localhost (127.0.0.1): icmp_seq=1 ttl=64 time=0.066 ms\n");
  EXPECT_EQ(ping_icmp_error(ip("10.1.0.1"), 1, 3, 4, 1400),
            "From 10.1.0.1 icmp_seq=1 Frag needed and DF set (mtu = 1400)\n");
  EXPECT_EQ(ping_icmp_error(ip("10.1.0.1"), 1, 3, 13),
            "From 10.1.0.1 icmp_seq=1 Packet filtered\n");
  EXPECT_EQ(ping_icmp_error(ip("10.1.0.1"), 1, 11, 0),
            "From 10.1.0.1 icmp_seq=1 Time to live exceeded\n");
  EXPECT_EQ(ping_icmp_error(ip("10.1.0.1"), 1, 5, 1, ip("10.1.0.2").bits),
            "From 10.1.0.1: icmp_seq=1 Redirect Host(New nexthop: 10.1.0.2)\n");
  EXPECT_EQ(ping_local_mtu_error(1400), "ping: local error: message too long, mtu=1400\n");
}

TEST(PingLines, LossIsPrintedWithSixDigits) {
  EXPECT_THAT(ping_statistics(ping_to("a"), {.transmitted = 3, .received = 2}, 2_s),
              testing::HasSubstr("3 packets transmitted, 2 received, 33.3333% packet loss"));
}

TEST(TracerouteLines, HopsAnswersAndMarks) {
  TracerouteCommand trace;
  trace.target = "10.2.0.10";
  trace.numeric = true;
  EXPECT_EQ(traceroute_header(trace, ip("10.2.0.10")),
            "traceroute to 10.2.0.10 (10.2.0.10), 30 hops max, 60 byte packets\n");
  const auto answer = [](SimDuration rtt) {
    return TracerouteProbe{
        .answered = true, .from = ip("10.2.0.10"), .from_name = {}, .rtt = rtt, .mark = {}};
  };
  const TracerouteProbe lost;
  const TracerouteProbe first = answer(2227_us);
  const TracerouteProbe second = answer(2154_us);
  EXPECT_EQ(traceroute_probe(trace, 1, 0, first, nullptr) +
                traceroute_probe(trace, 1, 1, second, &first) +
                traceroute_probe(trace, 1, 2, lost, &second),
            " 1  10.2.0.10  2.227 ms  2.154 ms *\n");
  trace.numeric = false;
  EXPECT_EQ(traceroute_probe(trace, 6, 0, lost, nullptr) +
                traceroute_probe(trace, 6, 1, first, nullptr) +
                traceroute_probe(trace, 6, 2, second, &first),
            " 6  * 10.2.0.10 (10.2.0.10)  2.227 ms  2.154 ms\n");
  trace.numeric = true;
  trace.queries = 1;
  TracerouteProbe no_net = answer(2373_us);
  no_net.mark = traceroute_mark(3, 0);
  EXPECT_EQ(traceroute_probe(trace, 1, 0, no_net, nullptr), " 1  10.2.0.10  2.373 ms !N\n");
  EXPECT_EQ(traceroute_mark(3, 1), "!H");
  EXPECT_EQ(traceroute_mark(3, 13), "!X");
  EXPECT_EQ(traceroute_mark(3, 3), "");
}

TEST(ArpingLines, AnswersAndTheirCount) {
  ArpingCommand arping;
  const ArpingStats stats{.sent = 2, .broadcasts = 1, .received = 2};
  EXPECT_EQ(arping_header(ip("192.168.80.150"), ip("192.168.80.10"), "eth0") +
                arping_reply(arping, false, false, ip("192.168.80.150"),
                             MacAddr{0x0200'0000'000aULL}, std::nullopt, 2804_us) +
                arping_summary(arping, stats),
            "ARPING 192.168.80.150 from 192.168.80.10 eth0\n"
            "Unicast reply from 192.168.80.150 [02:00:00:00:00:0A]  2.804ms\n"
            "Sent 2 probes (1 broadcast(s))\nReceived 2 response(s)\n");
  EXPECT_EQ(arping_status(arping, stats), 0);
  EXPECT_EQ(arping_status(arping, {.sent = 3, .broadcasts = 1, .received = 5}), 1);
  arping.deadline = 2_s;
  EXPECT_EQ(arping_status(arping, {.sent = 3, .broadcasts = 1, .received = 2}), 0);
  arping.count = 5;
  EXPECT_EQ(arping_status(arping, {.sent = 3, .broadcasts = 1, .received = 2}), 1);
  arping.mode = ArpingCommand::Mode::kDuplicate;
  EXPECT_EQ(arping_status(arping, {.sent = 1, .received = 1}), 1);
  EXPECT_EQ(arping_status(arping, {.sent = 2, .received = 0}), 0);
}

TEST(TcpdumpLines, BannerAndCounters) {
  TcpdumpCommand dump;
  EXPECT_EQ(tcpdump_banner(dump, "eth0", "EN10MB (Ethernet)"),
            "tcpdump: verbose output suppressed, use -v[v]... for full protocol decode\n"
            "listening on eth0, link-type EN10MB (Ethernet), snapshot length 262144 bytes\n");
  EXPECT_THAT(tcpdump_banner(dump, "any", "LINUX_SLL2 (Linux cooked v2)"),
              testing::StartsWith("tcpdump: data link type LINUX_SLL2\n"));
  dump.verbose = 1;
  EXPECT_EQ(
      tcpdump_banner(dump, "eth0", "EN10MB (Ethernet)"),
      "tcpdump: listening on eth0, link-type EN10MB (Ethernet), snapshot length 262144 bytes\n");
  EXPECT_EQ(tcpdump_counters(5, 10, 0),
            "5 packets captured\n10 packets received by filter\n0 packets dropped by kernel\n");
  EXPECT_THAT(tcpdump_counters(1, 1, 1), testing::StartsWith("1 packet captured\n"));
  EXPECT_EQ(tcpdump_no_device("eth9").err,
            "tcpdump: eth9: No such device exists\n(No such device exists)\n");
  EXPECT_EQ(tcpdump_bad_filter("syntax error").err,
            "tcpdump: can't parse filter expression: syntax error\n");
}

const CurlUrl kVip{"192.168.80.150", 80, "/", false};

TEST(CurlLines, TheRequestOnTheWire) {
  CurlCommand curl;
  EXPECT_EQ(
      curl_request(curl, kVip),
      "GET / HTTP/1.1\r\nHost: 192.168.80.150\r\nUser-Agent: curl/7.88.1\r\nAccept: */*\r\n\r\n");
  EXPECT_THAT(curl_request(curl, {"a", 8080, "/x", true}), testing::HasSubstr("Host: a:8080\r\n"));
  curl.head = true;
  curl.headers = {"Host: x", "Accept:", "User-Agent;", "Connection: close"};
  EXPECT_EQ(curl_request(curl, kVip),
            "HEAD / HTTP/1.1\r\nHost: x\r\nUser-Agent:\r\nConnection: close\r\n\r\n");
}

TEST(CurlLines, ErrorsAndTheSilenceOfS) {
  CurlCommand curl;
  EXPECT_EQ(curl_error_line(curl, curl_could_not_connect(kVip, 3155_ms)),
            "curl: (7) Failed to connect to 192.168.80.150 port 80 after 3155 ms: "
            "Couldn't connect to server\n");
  EXPECT_EQ(curl_error_line(curl, curl_connect_timeout(kVip, 2002_ms)),
            "curl: (28) Failed to connect to 192.168.80.150 port 80 after 2002 ms: "
            "Timeout was reached\n");
  EXPECT_EQ(curl_error_line(curl, curl_connection_timed_out(2001_ms)),
            "curl: (28) Connection timed out after 2001 milliseconds\n");
  EXPECT_EQ(curl_error_line(curl, curl_operation_timed_out(1001_ms, 3, 100)),
            "curl: (28) Operation timed out after 1001 milliseconds with 3 out of 100 bytes "
            "received\n");
  EXPECT_EQ(curl_error_line(curl, curl_operation_timed_out(1000_ms, 0, std::nullopt)),
            "curl: (28) Operation timed out after 1000 milliseconds with 0 bytes received\n");
  EXPECT_EQ(curl_error_line(curl, curl_empty_reply()), "curl: (52) Empty reply from server\n");
  EXPECT_EQ(curl_error_line(curl, curl_reset_by_peer()),
            "curl: (56) Recv failure: Connection reset by peer\n");
  EXPECT_EQ(curl_error_line(curl, curl_could_not_resolve("nohost")),
            "curl: (6) Could not resolve host: nohost\n");
  EXPECT_EQ(curl_error_line(curl, curl_bind_failed(98)),
            "curl: (45) bind failed with errno 98: Address already in use\n");
  curl.silent = true;
  EXPECT_EQ(curl_error_line(curl, curl_empty_reply()), "");
  curl.show_error = true;
  EXPECT_EQ(curl_error_line(curl, curl_empty_reply()), "curl: (52) Empty reply from server\n");
}

CurlTransfer six_bytes_and_a_newline() {
  CurlTransfer transfer;
  transfer.url = "192.168.80.150";
  transfer.response_code = 200;
  transfer.connect = 5340_us;
  transfer.total = 11'478_us;
  transfer.remote_ip = ip("192.168.80.150");
  transfer.remote_port = 80;
  transfer.local_ip = ip("192.168.80.10");
  transfer.local_port = 37806;
  transfer.size_download = 7;
  transfer.content_length = 7;
  transfer.num_connects = 1;
  return transfer;
}

TEST(CurlLines, WriteOutExpandsVariablesAndEscapes) {
  const auto expanded = [](std::string_view format) {
    return curl_write_out(format, six_bytes_and_a_newline());
  };
  EXPECT_EQ(expanded("%{http_code} %{time_connect} %{time_total} %{remote_ip}:%{remote_port} "
                     "%{local_ip}:%{local_port} %{size_download} %{num_connects} %{exitcode} "
                     "%{errormsg}\\n")
                .out,
            "200 0.005340 0.011478 192.168.80.150:80 192.168.80.10:37806 7 1 0 \n");
  EXPECT_EQ(expanded(R"(%%|%{|%a\t\q)").out, "%|%{|%a\t\\q");
  EXPECT_EQ(expanded("%{url_effective}").out, "http://192.168.80.150/");
  EXPECT_EQ(expanded("x%{foo}y").err, "curl: unknown --write-out variable: 'foo'\n");
  EXPECT_EQ(expanded("x%{foo}y").out, "xy");
  EXPECT_EQ(curl_write_out("%{http_code}", {}).out, "000");
}

TEST(CurlLines, TheMeterOfAShortDownload) {
  CurlTransfer transfer = six_bytes_and_a_newline();
  transfer.total = 33'950_us;
  EXPECT_EQ(curl_progress_meter(transfer),
            "  % Total    % Received % Xferd  Average Speed   Time    Time     Time  Current\n"
            "                                 Dload  Upload   Total   Spent    Left  Speed\n"
            "\r  0     0    0     0    0     0      0      0 --:--:-- --:--:-- --:--:--     0"
            "\r100     7  100     7    0     0    206      0 --:--:-- --:--:-- --:--:--   212\n");
}

TEST(CurlLines, VerboseTellsTheWholeExchange) {
  const std::string raw = "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n";
  EXPECT_EQ(curl_verbose_trying(kVip, ip("192.168.80.150")) +
                curl_verbose_connected(kVip, ip("192.168.80.150"), 0) +
                curl_verbose_request(curl_request({}, kVip)) + curl_verbose_response(raw) +
                curl_verbose_done(kVip, 0, true),
            "*   Trying 192.168.80.150:80...\n"
            "* Connected to 192.168.80.150 (192.168.80.150) port 80 (#0)\n"
            "> GET / HTTP/1.1\n> Host: 192.168.80.150\n> User-Agent: curl/7.88.1\n"
            "> Accept: */*\n> \n"
            "< HTTP/1.1 200 OK\n< Content-Length: 7\n< \n"
            "* Connection #0 to host 192.168.80.150 left intact\n");
  EXPECT_EQ(
      curl_verbose_connect_failed(kVip, *Ipv4Addr::parse("192.168.80.150"), "No route to host",
                                  curl_could_not_connect(kVip, 3155_ms), 0),
      "* connect to 192.168.80.150 port 80 failed: No route to host\n"
      "* Failed to connect to 192.168.80.150 port 80 after 3155 ms: "
      "Couldn't connect to server\n"
      "* Closing connection 0\n");
  EXPECT_EQ(curl_header_text(raw, true),
            "HTTP/1.1 200 OK\r\n\x1b[1mContent-Length\x1b[0m: 7\r\n\r\n");
  EXPECT_EQ(curl_header_text(raw, false), raw);
}

AbCommand ab_of(std::uint32_t requests, std::uint32_t concurrency) {
  AbCommand ab;
  ab.requests = requests;
  ab.concurrency = concurrency;
  ab.host = "192.168.80.150";
  return ab;
}

TEST(AbLines, TheReportOfSixRequests) {
  const AbCommand ab = ab_of(6, 1);
  AbResult result;
  result.server_software = "Apache/2.4.6";
  result.document_length = 7;
  result.elapsed = 44'316_us;
  result.complete = 6;
  result.total_transferred = 1590;
  result.html_transferred = 42;
  const std::int64_t connect[] = {3400, 3400, 3450, 3450, 3480, 3550};
  const std::int64_t processing[] = {3800, 3850, 3900, 3950, 4000, 4100};
  const std::int64_t wait[] = {3780, 3790, 3800, 3810, 3820, 3830};
  for (int i = 0; i < 6; ++i) {
    result.samples.push_back(
        {1_us * connect[i], 1_us * wait[i], 1_us * (connect[i] + processing[i])});
  }
  EXPECT_EQ(ab_start_line(ab) + ab_finished(ab, 6) + ab_report(ab, result),
            R"(Benchmarking 192.168.80.150 (be patient).....done


Server Software:        Apache/2.4.6
Server Hostname:        192.168.80.150
Server Port:            80

Document Path:          /
Document Length:        7 bytes

Concurrency Level:      1
Time taken for tests:   0.044 seconds
Complete requests:      6
Failed requests:        0
Total transferred:      1590 bytes
HTML transferred:       42 bytes
Requests per second:    135.39 [#/sec] (mean)
Time per request:       7.386 [ms] (mean)
Time per request:       7.386 [ms] (mean, across all concurrent requests)
Transfer rate:          35.04 [Kbytes/sec] received

Connection Times (ms)
              min  mean[+/-sd] median   max
Connect:        3    3   0.1      3       4
Processing:     4    4   0.1      4       4
Waiting:        4    4   0.0      4       4
Total:          7    7   0.2      7       8

Percentage of the requests served within a certain time (ms)
  50%      7
  66%      7
  75%      7
  80%      7
  90%      8
  95%      8
  98%      8
  99%      8
 100%      8 (longest request)
)");
}

TEST(AbLines, AMedianFarFromTheMeanIsAnError) {
  AbResult result;
  result.complete = 2;
  result.elapsed = 10_ms;
  // Means are cut to 3499 us, medians take the upper one: 3 ms against 4 ms.
  result.samples = {{3498_us, 1_ms, 7_ms}, {3501_us, 1_ms, 7_ms}};
  EXPECT_THAT(ab_report(ab_of(2, 1), result),
              testing::HasSubstr("ERROR: The median and mean for the initial connection time are "
                                 "more than twice the standard\n       deviation apart. These "
                                 "results are NOT reliable.\n"));
}

TEST(AbLines, ProgressEveryTenthButNotBelowAHundred) {
  const AbCommand ab = ab_of(200, 10);
  std::string text = ab_start_line(ab);
  for (std::uint64_t done = 1; done <= 200; ++done) text += ab_progress(ab, done);
  EXPECT_EQ(text + ab_finished(ab, 200),
            "Benchmarking 192.168.80.150 (be patient)\nCompleted 100 requests\n"
            "Completed 200 requests\nFinished 200 requests\n");
  EXPECT_EQ(ab_progress(ab_of(150, 1), 100), "");
}

TEST(AbLines, TheRequestOnTheWire) {
  AbCommand ab = ab_of(1, 1);
  EXPECT_EQ(ab_request(ab),
            "GET / HTTP/1.0\r\nHost: 192.168.80.150\r\nUser-Agent: ApacheBench/2.3\r\n"
            "Accept: */*\r\n\r\n");
  ab.keep_alive = true;
  ab.headers = {"X-A: b"};
  EXPECT_EQ(ab_request(ab),
            "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\nX-A: b\r\nHost: 192.168.80.150\r\n"
            "User-Agent: ApacheBench/2.3\r\nAccept: */*\r\n\r\n");
}

TEST(AbLines, FatalEndsHaveTheStatusOfApr) {
  EXPECT_EQ(ab_recv_failed(111, 0).err, "apr_socket_recv: Connection refused (111)\n");
  EXPECT_EQ(ab_recv_failed(111, 0).status, 111);
  EXPECT_EQ(ab_poll_timeout(0).status, 119);
  EXPECT_EQ(ab_unknown_host("nohost", NameError::kUnknown).status, 50);
  EXPECT_EQ(ab_connect_failed(101, 0).err,
            "\nTest aborted after 10 failures\n\napr_socket_connect(): Network is unreachable "
            "(101)\n");
  EXPECT_EQ(ab_poll_timeout(5).out, "Total of 5 requests completed\n");
}

}  // namespace
}  // namespace lvslab::command
