// The checkers of keepalived on a host: what they make of servers that answer, refuse, are silent
// or are not there; what a reload keeps of it.
#include <fmt/format.h>

#include "tests/host/lan.h"

namespace lvslab::host {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

/// Host a with keepalived and one service for b, which `checker` watches.
class Watch {
 public:
  explicit Watch(std::string_view checker, std::string_view server = "") {
    lan.type('a', "yum install keepalived -y");
    write(checker, server);
  }
  void write(std::string_view checker, std::string_view server = "") {
    const std::string text = fmt::format(
        "virtual_server 10.0.0.100 53 {{\n delay_loop 4\n lb_algo rr\n lb_kind DR\n"
        " protocol UDP\n retry 1\n delay_before_retry 1\n connect_timeout 2\n"
        " real_server 10.0.0.2 53 {{\n {}\n {}\n }}\n}}\n",
        server, checker);
    std::string line;
    for (const char c : text) line += c == '\n' ? std::string("\\n") : std::string(1, c);
    lan.type('a', "echo -e '" + line + "' > /etc/keepalived/keepalived.conf");
  }
  void start() {
    lan.type('a', "service keepalived start");
    lan.pass(kSecond * 8);
  }
  bool in_use() { return lan.type('a', "ipvsadm -ln").find("10.0.0.2:53") != std::string::npos; }
  std::string log() { return lan.type('a', "cat /var/log/messages"); }
  void serve_dns() {
    lan.type('b', "yum install dnsmasq -y");
    lan.type('b', "echo -e 'local=/lab/\\nhost-record=www.lab,10.0.0.100' > /etc/dnsmasq.conf");
    lan.type('b', "service dnsmasq start");
  }

  Lan lan{2};
};

TEST(PingCheck, KeepsAServerThatAnswersAndRemovesOneThatDoesNot) {
  Watch watch("PING_CHECK {\n }");
  watch.start();
  EXPECT_THAT(watch.log(), HasSubstr("ICMP connection to [10.0.0.2]:udp:53 success."));
  watch.lan.type('b', "ifconfig eth0 down");
  watch.lan.pass(kSecond * 12);
  EXPECT_FALSE(watch.in_use());
  EXPECT_THAT(watch.log(),
              HasSubstr("ICMP CHECK on service [10.0.0.2]:udp:53 of [10.0.0.100]:udp:53 failed "
                        "after 1 retries."));
  watch.lan.type('b', "ifconfig eth0 up");
  watch.lan.pass(kSecond * 6);
  EXPECT_TRUE(watch.in_use());
}

TEST(PingCheck, OpensThePingSocketsToItsGroupAndClosesThemAgain) {
  Watch watch("PING_CHECK {\n }");
  const std::string read = "cat /proc/sys/net/ipv4/ping_group_range";
  EXPECT_EQ(watch.lan.type('a', read), "1\t0\n");
  watch.start();
  EXPECT_EQ(watch.lan.type('a', read), "0\t0\n");
  watch.lan.type('a', "service keepalived stop");
  EXPECT_EQ(watch.lan.type('a', read), "1\t0\n");
}

/// Base64 between the lines of a PEM file, with "\n" for echo -e.
std::string pem(std::string_view label, std::string_view bytes) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (std::size_t i = 0; i + 2 < bytes.size(); i += 3) {
    const auto at = [&](std::size_t k) { return static_cast<std::uint8_t>(bytes[i + k]); };
    const std::uint32_t bits = std::uint32_t{at(0)} << 16 | std::uint32_t{at(1)} << 8 | at(2);
    for (int shift = 18; shift >= 0; shift -= 6) text += kDigits[bits >> shift & 63];
  }
  return fmt::format("-----BEGIN {0}-----\\n{1}\\n-----END {0}-----", label, text);
}

/// nginx on host b: port 53 with TLS ("ssl") or without.
void serve_web(Lan& lan, std::string_view tls) {
  const std::string modulus(256, '\x5a');
  const std::string certificate =
      std::string(
          "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00\x03\x82\x01\x0f\x00\x30\x82\x01\x0a"
          "\x02\x82\x01\x01\x00",
          25) +
      modulus + "\x01";
  lan.type('b', "yum install nginx -y");
  lan.type('b', "echo -e '" + pem("CERTIFICATE", certificate) + "' > /etc/nginx/a.crt");
  lan.type('b', "echo -e '" + pem("PRIVATE KEY", modulus + "\x01\x02") + "' > /etc/nginx/a.key");
  lan.type('b', fmt::format("echo 'events {{ }} http {{ server {{ listen 53 {}; ssl_certificate "
                            "a.crt; ssl_certificate_key a.key; location / {{ return 200 hello; }} "
                            "}} }}' > /etc/nginx/nginx.conf",
                            tls));
  EXPECT_EQ(lan.type('b', "nginx"), "");
}

TEST(SslGet, KeepsAServerThatAnswersByTls) {
  Watch watch("SSL_GET {\n url {\n path /\n digest 5d41402abc4b2a76b9719d911017c592\n }\n }");
  serve_web(watch.lan, "ssl");
  watch.start();
  EXPECT_TRUE(watch.in_use());
  EXPECT_THAT(watch.log(), HasSubstr("Remote Web server [10.0.0.2]:udp:53 succeed on service."));
  watch.lan.type('b', "nginx -s stop");
  watch.lan.pass(kSecond * 12);
  EXPECT_FALSE(watch.in_use());
  EXPECT_THAT(watch.log(), HasSubstr("HTTP_CHECK on service [10.0.0.2]:udp:53 failed after 1 "
                                     "retries."));
  watch.lan.type('b', "nginx");
  watch.lan.pass(kSecond * 12);
  EXPECT_TRUE(watch.in_use());
  EXPECT_THAT(watch.log(), HasSubstr("MD5 digest success to [10.0.0.2]:udp:53 url(/)"));
}

TEST(SslGet, AServerOfPlainHttpIsNone) {
  Watch watch("SSL_GET {\n url {\n path /\n }\n log_all_failures\n }");
  serve_web(watch.lan, "");
  watch.start();
  EXPECT_FALSE(watch.in_use());
  EXPECT_THAT(watch.log(), HasSubstr("SSL handshake/communication error connecting to server "
                                     "[10.0.0.2]:udp:53."));
  EXPECT_THAT(watch.lan.type('b', "cat /var/log/nginx/access.log"),
              HasSubstr(R"("\x16\x03\x01\x01$\x01)"));
}

TEST(SslGet, PlainHttpWhereTlsIsSpokenIsABadRequest) {
  Watch watch("HTTP_GET {\n url {\n path /\n status_code 400\n }\n }");
  serve_web(watch.lan, "ssl");
  watch.start();
  EXPECT_TRUE(watch.in_use());
  EXPECT_THAT(watch.lan.type('a', "curl -s http://10.0.0.2:53/"),
              HasSubstr("<title>400 The plain HTTP request was sent to HTTPS port</title>"));
}

TEST(UdpCheck, TakesSilenceForGoodNews) {
  Watch watch("UDP_CHECK {\n }");
  watch.lan.start('b', "nc -u -l -k -p 53");
  watch.start();
  EXPECT_TRUE(watch.in_use());
  EXPECT_THAT(watch.log(), HasSubstr("UDP connection to [10.0.0.2]:udp:53 success."));
}

TEST(UdpCheck, TakesAClosedPortForDeath) {
  Watch watch("UDP_CHECK {\n }");
  watch.start();
  EXPECT_FALSE(watch.in_use());
  EXPECT_THAT(watch.log(), HasSubstr("UDP_CHECK on service [10.0.0.2]:udp:53 failed."));
}

TEST(UdpCheck, WantsTheReplyThatItWasToldOf) {
  const std::string payload = "payload 123401000001000000000000 03777777036c6162000001 0001\n";
  Watch right("UDP_CHECK {\n " + payload + " require_reply 1234 85xx\n }");
  right.serve_dns();
  right.start();
  EXPECT_TRUE(right.in_use());
  Watch wrong("UDP_CHECK {\n " + payload + " require_reply 1234 86\n }");
  wrong.serve_dns();
  wrong.start();
  EXPECT_FALSE(wrong.in_use());
  Watch length("UDP_CHECK {\n " + payload + " require_reply 1234\n max_reply_length 20\n }");
  length.serve_dns();
  length.start();
  EXPECT_FALSE(length.in_use());
}

TEST(UdpCheck, WithAReplyWantedSilenceIsDeath) {
  Watch watch("UDP_CHECK {\n require_reply\n }");
  watch.lan.start('b', "nc -u -l -k -p 53");
  watch.start();
  EXPECT_FALSE(watch.in_use());
}

TEST(DnsCheck, KeepsAServerThatKnowsTheName) {
  Watch watch("DNS_CHECK {\n type A\n name www.lab\n }");
  watch.serve_dns();
  watch.start();
  EXPECT_TRUE(watch.in_use());
  watch.lan.type('b', "service dnsmasq stop");
  watch.lan.pass(kSecond * 8);
  EXPECT_FALSE(watch.in_use());
  EXPECT_THAT(watch.log(), HasSubstr("DNS_CHECK ([10.0.0.2]:udp:53) failed to read socket; errno "
                                     "111 (Connection refused) after 1 retries"));
}

TEST(DnsCheck, RemovesAServerThatRefuses) {
  Watch watch("DNS_CHECK {\n }");
  watch.serve_dns();
  watch.start();
  EXPECT_FALSE(watch.in_use()) << "it is asked for the SOA of the root, which it does not know";
  EXPECT_THAT(watch.log(),
              HasSubstr("DNS_CHECK ([10.0.0.2]:udp:53) read error occurred. (rcode = 5)"));
}

TEST(Checker, CannotAskFromAnAddressThatIsNotThere) {
  Watch watch("TCP_CHECK {\n bindto 10.0.0.77\n }");
  watch.start();
  EXPECT_TRUE(watch.in_use()) << "nothing is known of the server";
  EXPECT_THAT(watch.log(), AllOf(HasSubstr("Checker bind failed: Cannot assign requested address"),
                                 HasSubstr("TCP socket bind failed. Rescheduling.")));
  Watch device("DNS_CHECK {\n bind_if eth7\n }");
  device.start();
  EXPECT_THAT(device.log(), HasSubstr("Checker can't bind to device eth7: No such device"));
}

TEST(MiscCheck, SetsTheWeightThatTheExitStatusSays) {
  Watch watch("MISC_CHECK {\n misc_path \"/bin/grep -q up /root/status\"\n misc_dynamic\n }",
              "weight 5");
  watch.lan.type('a', "echo up > /root/status");
  watch.start();
  EXPECT_THAT(watch.lan.type('a', "ipvsadm -ln"), HasSubstr("Route   5"));
  watch.lan.type('a', "rm /root/status");  // grep ends with 2 now: weight 0
  watch.lan.pass(kSecond * 5);
  EXPECT_THAT(watch.lan.type('a', "ipvsadm -ln"), HasSubstr("Route   0"));
  EXPECT_THAT(watch.log(), HasSubstr("Changing weight from 5 to 0 for active service"));
  watch.lan.type('a', "echo down > /root/status");
  watch.lan.pass(kSecond * 7);
  EXPECT_FALSE(watch.in_use());
  EXPECT_THAT(watch.log(), HasSubstr("by [/usr/bin/grep] failed after 1 retry (exited with status "
                                     "1)."));
}

TEST(MiscCheck, EndsACommandThatTakesTooLong) {
  Watch watch("MISC_CHECK {\n misc_path \"/bin/sleep 60\"\n misc_timeout 2\n retry 0\n }");
  watch.start();
  EXPECT_FALSE(watch.in_use());
  EXPECT_THAT(watch.log(), HasSubstr("by [/usr/bin/sleep] timed out with retry disabled."));
}

TEST(Reload, KeepsADeadServerDeadUntilItIsBack) {
  Watch watch("UDP_CHECK {\n }");
  watch.start();
  ASSERT_FALSE(watch.in_use());
  watch.lan.type('a', "service keepalived reload");
  watch.lan.pass(kSecond * 7);
  EXPECT_FALSE(watch.in_use());
  watch.lan.start('b', "nc -u -l -k -p 53");
  watch.lan.pass(kSecond * 8);
  EXPECT_TRUE(watch.in_use());
}

TEST(Reload, TellsTheKernelOfAnotherWeight) {
  Watch watch("PING_CHECK {\n }", "weight 5");
  watch.start();
  watch.write("PING_CHECK {\n }", "weight 8");
  watch.lan.type('a', "service keepalived reload");
  EXPECT_THAT(watch.lan.type('a', "ipvsadm -ln"), HasSubstr("Route   8"));
  EXPECT_THAT(watch.log(), AllOf(HasSubstr("Changing weight from 5 to 8 for active service"),
                                 Not(HasSubstr("IPVS cmd"))));
}

TEST(Reload, FollowsTheEntriesOfAGroup) {
  Watch watch("PING_CHECK {\n }");
  const auto write = [&](std::string_view entries) {
    watch.lan.type('a', fmt::format("echo -e 'virtual_server_group G {{\\n{}\\n}}\\nvirtual_server "
                                    "group G {{\\n lb_algo rr\\n lb_kind DR\\n protocol UDP\\n "
                                    "real_server 10.0.0.2 53 {{\\n }}\\n}}' > "
                                    "/etc/keepalived/keepalived.conf",
                                    entries));
  };
  write("10.0.0.100 53\\n10.0.0.101 53");
  watch.start();
  write("10.0.0.100 53\\n10.0.0.102-103 53");
  watch.lan.type('a', "service keepalived reload");
  const std::string table = watch.lan.type('a', "ipvsadm -ln");
  EXPECT_THAT(table, AllOf(HasSubstr("10.0.0.100:53"), HasSubstr("10.0.0.102:53"),
                           HasSubstr("10.0.0.103:53"), Not(HasSubstr("10.0.0.101:53"))));
  EXPECT_THAT(watch.log(),
              AllOf(HasSubstr("VS [[10.0.0.101]:udp:53] in group G no longer exists"),
                    HasSubstr("VS [[10.0.0.102]:udp:53-10.0.0.103] added into group G"),
                    Not(HasSubstr("IPVS cmd"))));
}

TEST(DataFiles, SayWhatTheCheckersKnow) {
  Watch watch("UDP_CHECK {\n require_reply 68xx\n }", "weight 3");
  watch.start();
  watch.lan.type('a', "kill -USR1 $(cat /run/keepalived.pid)");
  const std::string data = watch.lan.type('a', "cat /tmp/keepalived_check.data");
  EXPECT_THAT(data,
              AllOf(HasSubstr(" Router ID = a\n"), HasSubstr("VS VIP = 10.0.0.100, VPORT = 53"),
                    HasSubstr("   RIP = 10.0.0.2, RPORT = 53, WEIGHT = 3 EFF WEIGHT = 3\n"),
                    HasSubstr("   num failed checkers = 1\n"), HasSubstr("   Up = no\n"),
                    HasSubstr("   Keepalive method = UDP_CHECK\n"),
                    HasSubstr("     Reply data mask = yes\n")));
  EXPECT_THAT(watch.log(), HasSubstr("Printing checker data for process(1003) on signal"));
  EXPECT_THAT(watch.lan.type('a', "cat /tmp/keepalived.data"), HasSubstr("No such file"));
}

TEST(HttpGet, WantsAGoodStatusBesideTheDigest) {
  constexpr std::string_view kPage = "2d9c96b77cd4c5e80916109ce55d2e04";  // of httpd's 404
  const auto in_use = [&](std::string_view status) {
    Watch watch(
        fmt::format("HTTP_GET {{\n url {{\n path /gone\n {}\n digest {}\n }}\n"
                    " connect_port 80\n }}",
                    status, kPage));
    watch.lan.type('b', "yum install httpd -y");
    watch.lan.type('b', "service httpd start");
    watch.start();
    return watch.in_use();
  };
  EXPECT_TRUE(in_use("status_code 404")) << "the digest is that of the page";
  EXPECT_FALSE(in_use(""));
}

}  // namespace
}  // namespace lvslab::host
