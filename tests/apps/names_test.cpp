// The resolver, the name server, and curl with a name that has several addresses.
#include <gmock/gmock.h>

#include "sim/apps/resolver.h"
#include "tests/apps/fake_io.h"

namespace lvslab::apps {
namespace {

using namespace lvslab::literals;
using command::NameError;
using testing::ElementsAre;
using testing::HasSubstr;

// --- /etc/resolv.conf

TEST(ResolvConf, TakesServersAndTheirLimits) {
  const auto conf = ResolvConf::parse(
      "# comment\nnameserver 10.0.0.1\nnameserver 10.0.0.2\noptions timeout:2 attempts:9\n");
  ASSERT_TRUE(conf.has_value());
  EXPECT_THAT(conf->servers, ElementsAre(ip("10.0.0.1"), ip("10.0.0.2")));
  EXPECT_EQ(conf->timeout, 2_s);
  EXPECT_EQ(conf->attempts, 5);  // RES_MAXRETRY
}

TEST(ResolvConf, WithoutServersTheOwnHostIsAsked) {
  EXPECT_THAT(ResolvConf::parse("")->servers, ElementsAre(ip("127.0.0.1")));
}

TEST(ResolvConf, NamesTheLineThatIsNotModelled) {
  EXPECT_EQ(ResolvConf::parse("nameserver 10.0.0.1\n  search lab.test\n").error(),
            "/etc/resolv.conf:2:3: search is not modelled; modelled: nameserver ADDRESS, "
            "options timeout:N attempts:N");
  EXPECT_THAT(ResolvConf::parse("options rotate\n").error(), HasSubstr(":1:1: option rotate"));
  EXPECT_THAT(ResolvConf::parse("nameserver ns1\n").error(), HasSubstr("nameserver ns1"));
}

// --- asking

class Asking : public testing::Test {
 protected:
  explicit Asking(Resolver::Families families = Resolver::Families::kInet)
      : resolver("www.lab.test", families,
                 {.servers = {ip("10.0.0.53"), ip("10.0.0.54")}, .timeout = 2_s}),
        host(App{}) {
    Step step = host.step();
    resolver.start(step, host);
  }

  DnsRepr asked(std::size_t number) {
    return DnsRepr::parse(host.datagrams[number].payload).value();
  }
  void answer(std::size_t number, DnsCode code, std::vector<Ipv4Addr> addresses) {
    DnsRepr dns = asked(number);
    dns.response = true;
    dns.code = code;
    dns.answers = std::move(addresses);
    std::vector<std::uint8_t> bytes(dns.length());
    dns.emit(bytes);
    Step step = host.step();
    resolver.on_udp(step, host, {.socket = host.datagrams[number].socket, .data = bytes});
  }
  void refuse_port() {
    Step step = host.step();
    resolver.on_udp(step, host, {.error = Errno::kConnRefused});
  }
  void pass_time() {
    host.world.now = resolver.deadline();
    Step step = host.step();
    resolver.on_time(step, host);
  }
  std::vector<Endpoint> servers() {
    std::vector<Endpoint> all;
    for (const auto& datagram : host.datagrams) all.push_back(host.udp_remotes[datagram.socket]);
    return all;
  }

  Resolver resolver;
  FakeIo host;
};

TEST_F(Asking, TakesTheAddressesInTheOrderOfTheAnswer) {
  EXPECT_EQ(asked(0).name, "www.lab.test");
  answer(0, DnsCode::kNoError, {ip("10.0.0.9"), ip("10.0.0.8")});
  ASSERT_TRUE(resolver.answer().has_value());
  EXPECT_THAT(resolver.answer()->value(), ElementsAre(ip("10.0.0.9"), ip("10.0.0.8")));
  EXPECT_EQ(host.udp_closed, 1U);
}

TEST_F(Asking, ANameThatDoesNotExistIsAnAnswer) {
  answer(0, DnsCode::kNxDomain, {});
  EXPECT_EQ(resolver.answer()->error(), NameError::kUnknown);
  EXPECT_EQ(host.datagrams.size(), 1U);
}

TEST_F(Asking, ANameWithoutAddressIsAnAnswer) {
  answer(0, DnsCode::kNoError, {});
  EXPECT_EQ(resolver.answer()->error(), NameError::kNoAddress);
}

TEST_F(Asking, GoesFromServerToServerAndRoundAgain) {
  refuse_port();
  answer(1, DnsCode::kRefused, {});
  pass_time();
  EXPECT_FALSE(resolver.answer().has_value());
  pass_time();
  EXPECT_EQ(resolver.answer()->error(), NameError::kTryAgain);
  EXPECT_THAT(servers(), ElementsAre(Endpoint{ip("10.0.0.53"), 53}, Endpoint{ip("10.0.0.54"), 53},
                                     Endpoint{ip("10.0.0.53"), 53}, Endpoint{ip("10.0.0.54"), 53}));
}

TEST_F(Asking, AnAnswerToAnotherQuestionCountsForNothing) {
  DnsRepr other = asked(0);
  other.response = true;
  other.id ^= 1U;
  std::vector<std::uint8_t> bytes(other.length());
  other.emit(bytes);
  Step step = host.step();
  resolver.on_udp(step, host, {.data = bytes});
  EXPECT_FALSE(resolver.answer().has_value());
}

class AskingForBoth : public Asking {
 protected:
  AskingForBoth() : Asking(Resolver::Families::kBoth) {}
};

TEST_F(AskingForBoth, WaitsForBothAnswers) {
  ASSERT_EQ(host.datagrams.size(), 2U);
  EXPECT_EQ(asked(1).type, DnsType::kAaaa);
  answer(0, DnsCode::kNoError, {ip("10.0.0.9")});
  EXPECT_FALSE(resolver.answer().has_value());
  answer(1, DnsCode::kRefused, {});
  EXPECT_THAT(resolver.answer()->value(), ElementsAre(ip("10.0.0.9")));
}

// --- dnsmasq

TEST(DnsmasqConf, NamesTheLineThatIsWrongOrNotModelled) {
  EXPECT_THAT(DnsmasqConf::parse("no-resolv\nserver=1.1.1.1\n").error(),
              HasSubstr("/etc/dnsmasq.conf:2:1: server is not modelled"));
  EXPECT_THAT(DnsmasqConf::parse("host-record=www\n").error(), HasSubstr("NAME,ADDRESS"));
  EXPECT_THAT(DnsmasqConf::parse("host-record=www,1.2.3\n").error(), HasSubstr("'1.2.3'"));
  EXPECT_THAT(DnsmasqConf::parse("local=lab.test\n").error(), HasSubstr("/DOMAIN/"));
  EXPECT_TRUE(DnsmasqConf::parse("# nothing\n\n user = root # but this\n").has_value());
}

/// The addresses that dnsmasq gives out, in their order, one list for each question.
class NameServer {
 public:
  explicit NameServer(std::string conf, std::string hosts = "") : host_(Dnsmasq{}) {
    host_.files["/etc/dnsmasq.conf"] = std::move(conf);
    host_.files["/etc/hosts"] = std::move(hosts);
    host_.run();
  }
  DnsRepr ask(std::string name, DnsType type = DnsType::kA) {
    const DnsRepr question{
        .id = 7, .recursion_desired = true, .name = std::move(name), .type = type};
    std::vector<std::uint8_t> bytes(question.length());
    question.emit(bytes);
    Step step = host_.step();
    on_udp(step, host_, host_.app, {.from = {ip("10.0.0.1"), 40'000}, .data = bytes});
    host_.advance({});
    return DnsRepr::parse(host_.replies.back().payload).value();
  }
  std::string order(const std::string& name) {
    std::string text;
    for (const Ipv4Addr addr : ask(name).answers) text += static_cast<char>('a' + addr.bits % 16);
    return text;
  }
  FakeIo& host() { return host_; }

 private:
  FakeIo host_;
};

std::string records(std::string_view name, int count) {
  std::string text;
  for (int i = 0; i < count; ++i) {
    text += "host-record=" + std::string(name) + ",10.0.0." + std::to_string(16 + i) + "\n";
  }
  return text;
}

// What dnsmasq 2.90 answered, asked five times after its start.
TEST(DnsmasqApp, TurnsItsListAsTheRealOneDoes) {
  const std::array<std::vector<std::string>, 3> observed{
      std::vector<std::string>{"ab", "ba", "ab", "ba", "ab"},
      std::vector<std::string>{"bac", "acb", "cba", "bac", "acb"},
      std::vector<std::string>{"acbd", "cbda", "bdac", "dacb", "acbd"}};
  for (int count = 2; count <= 4; ++count) {
    NameServer ns(records("www.lab.test", count));
    std::vector<std::string> orders;
    for (int i = 0; i < 5; ++i) orders.push_back(ns.order("www.lab.test"));
    EXPECT_EQ(orders, observed[static_cast<std::size_t>(count - 2)]);
  }
}

TEST(DnsmasqApp, AnAddressThatHasAnotherNameStandsStill) {
  NameServer ns(records("www.lab.test", 1) + "host-record=near.lab.test,10.0.0.16\n" +
                "host-record=near.lab.test,10.0.0.17\n");
  for (int i = 0; i < 3; ++i) EXPECT_EQ(ns.order("near.lab.test"), "ba");
}

TEST(DnsmasqApp, RefusesWhatItDoesNotKnowAndDeniesWhatIsItsOwn) {
  NameServer ns("local=/lab.test/\nhost-record=www.lab.test,10.0.0.16\n", "10.0.0.3 web\n");
  EXPECT_EQ(ns.ask("www.example.com").code, DnsCode::kRefused);
  EXPECT_EQ(ns.ask("nosuch.lab.test").code, DnsCode::kNxDomain);
  EXPECT_EQ(ns.ask("www.lab.test", DnsType::kAaaa).code, DnsCode::kNoError);
  EXPECT_EQ(ns.ask("web", DnsType::kAaaa).code, DnsCode::kRefused);
  EXPECT_EQ(ns.order("WWW.lab.test"), "a");
  EXPECT_THAT(ns.host().logged, HasSubstr("read /etc/hosts - 1 names\n"));
}

TEST(DnsmasqApp, AnyBytesLeaveItRunning) {
  NameServer ns(records("www.lab.test", 2));
  Prng random(3);
  for (int i = 0; i < 2'000; ++i) {
    std::vector<std::uint8_t> bytes(random.below(80));
    for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random.below(256));
    Step step = ns.host().step();
    on_udp(step, ns.host(), ns.host().app, {.from = {ip("10.0.0.1"), 40'000}, .data = bytes});
  }
  EXPECT_FALSE(ns.host().exited);
  EXPECT_EQ(ns.order("www.lab.test").size(), 2U);
}

// --- curl

FakeIo curl_by_name(std::vector<std::string> args) {
  args.insert(args.begin(), {"curl", "-v"});
  args.emplace_back("http://www.lab.test/");
  FakeIo host(Curl(command::parse_curl(args).value()));
  host.names["www.lab.test"] = {ip("10.0.0.9"), ip("10.0.0.8")};
  return host;
}

TEST(CurlWithTwoAddresses, TriesTheNextOneWhenItLooksAgain) {
  FakeIo host = curl_by_name({});
  host.run();
  host.event(SocketEventKind::kError, 0, {}, Errno::kConnRefused);
  EXPECT_EQ(host.sockets.size(), 1U);
  host.advance(200_ms);
  ASSERT_EQ(host.sockets.size(), 2U);
  EXPECT_EQ(host.sockets[1].remote, (Endpoint{ip("10.0.0.8"), 80}));
  host.event(SocketEventKind::kConnected, 1);
  EXPECT_THAT(host.err, HasSubstr("*   Trying 10.0.0.9:80...\n"
                                  "* connect to 10.0.0.9 port 80 failed: Connection refused\n"
                                  "*   Trying 10.0.0.8:80...\n"
                                  "* Connected to www.lab.test (10.0.0.8) port 80 (#0)\n"));
}

TEST(CurlWithTwoAddresses, ALateFailureCostsAnotherSecond) {
  FakeIo host = curl_by_name({});
  host.run();
  host.advance(3_s);
  host.event(SocketEventKind::kError, 0, {}, Errno::kHostUnreach);
  host.advance(999_ms);
  EXPECT_EQ(host.sockets.size(), 1U);
  host.advance(1_ms);
  EXPECT_EQ(host.sockets.size(), 2U);
}

TEST(CurlWithTwoAddresses, GivesTheFirstHalfOfTheTime) {
  FakeIo host = curl_by_name({"--connect-timeout", "2"});
  host.run();
  host.advance(2_s);
  EXPECT_EQ(host.status, 28);
  EXPECT_EQ(host.err,
            "*   Trying 10.0.0.9:80...\n"
            "* ipv4 connect timeout after 1000ms, move on!\n"
            "*   Trying 10.0.0.8:80...\n"
            "* ipv4 connect timeout after 1000ms, move on!\n"
            "* Failed to connect to www.lab.test port 80 after 2000 ms: Timeout was reached\n"
            "* Closing connection 0\n"
            "curl: (28) Failed to connect to www.lab.test port 80 after 2000 ms: Timeout was "
            "reached\n");
}

TEST(CurlWithTwoAddresses, TheWholeLimitEndsItInBetween) {
  FakeIo host = curl_by_name({"-m", "2"});
  host.run();
  host.advance(2_s);
  EXPECT_THAT(host.err, HasSubstr("* ipv4 connect timeout after 1000ms, move on!\n"
                                  "* Connection timed out after 2000 milliseconds\n"));
  EXPECT_EQ(host.sockets.size(), 1U);
}

}  // namespace
}  // namespace lvslab::apps
