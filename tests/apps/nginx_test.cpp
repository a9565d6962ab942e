// nginx: its settings, how it chooses servers, and what it does with requests.
#include "sim/apps/nginx.h"

#include <gmock/gmock.h>

#include "tests/apps/fake_io.h"

namespace lvslab::apps {
namespace {

using namespace lvslab::literals;
using testing::HasSubstr;

class PaperFiles final : public NginxFiles {
 public:
  std::map<std::string, std::string> files;
  std::optional<std::string> read(const std::string& path) const override {
    const auto it = files.find(path);
    return it == files.end() ? std::nullopt : std::optional(it->second);
  }
  std::vector<std::string> list(const std::string& directory) const override {
    std::vector<std::string> names;
    for (const auto& [path, text] : files) {
      if (path.starts_with(directory + "/")) names.push_back(path.substr(directory.size() + 1));
    }
    return names;
  }
  std::optional<Ipv4Addr> resolve(const std::string& name) const override {
    return name == "node02" ? ip("10.0.0.2") : Ipv4Addr::parse(name);
  }
};

std::expected<NginxConf, NginxProblem> read_conf(std::string text) {
  PaperFiles files;
  files.files[std::string(kNginxConf)] = std::move(text);
  return read_nginx_conf(std::string(kNginxConf), files);
}

/// The settings with `upstream` and `location` filled in.
std::string with(std::string_view upstream, std::string_view location = "proxy_pass http://web;") {
  return "events {}\nhttp {\nupstream web {\n" + std::string(upstream) +
         "\n}\nserver {\nlisten 80;\nlocation / {\n" + std::string(location) + "\n}\n}\n}\n";
}

std::string refusal(std::string text) {
  const auto conf = read_conf(std::move(text));
  return conf ? "" : conf.error().message();
}

// --- settings

TEST(NginxConf, TakesServersWithTheirParameters) {
  const auto conf =
      read_conf(with("server 10.0.0.1; server node02:8080 weight=3 max_fails=2 fail_timeout=5s;\n"
                     "server 10.0.0.3 backup; server 10.0.0.4 down; # not now"));
  ASSERT_TRUE(conf.has_value()) << conf.error().message();
  const auto& servers = conf->upstreams[0].servers;
  ASSERT_EQ(servers.size(), 4U);
  EXPECT_EQ(servers[0].name, "10.0.0.1:80");
  EXPECT_EQ(servers[1].at, (Endpoint{ip("10.0.0.2"), 8080}));
  EXPECT_EQ(servers[1].weight, 3);
  EXPECT_EQ(servers[1].max_fails, 2);
  EXPECT_EQ(servers[1].fail_timeout_s, 5);
  EXPECT_TRUE(servers[2].backup);
  EXPECT_TRUE(servers[3].down);
}

TEST(NginxConf, IncludesFilesThatFitAPattern) {
  PaperFiles files;
  files.files[std::string(kNginxConf)] = "events {}\nhttp { include conf.d/*.conf; }\n";
  files.files["/etc/nginx/conf.d/a.conf"] = "upstream web { server 10.0.0.1; }";
  files.files["/etc/nginx/conf.d/b.conf"] =
      "server { listen 8080; location / { proxy_pass http://web/; } }";
  files.files["/etc/nginx/conf.d/c.conf.old"] = "nonsense";
  const auto conf = read_nginx_conf(std::string(kNginxConf), files);
  ASSERT_TRUE(conf.has_value()) << conf.error().message();
  EXPECT_EQ(conf->servers[0].listen[0].port, 8080);
}

TEST(NginxConf, AProxyPassToAnAddressIsAnUpstreamOfItsOwn) {
  const auto conf = read_conf(with("server 10.0.0.1;", "proxy_pass http://10.0.0.9:81;"));
  ASSERT_TRUE(conf.has_value());
  EXPECT_EQ(conf->upstreams[conf->servers[0].locations[0].upstream].servers[0].at,
            (Endpoint{ip("10.0.0.9"), 81}));
}

// The words of nginx 1.22.1.
TEST(NginxConf, MistakesAreToldAsNginxTellsThem) {
  EXPECT_EQ(refusal("http {}\n"), "nginx: [emerg] no \"events\" section in configuration\n");
  EXPECT_EQ(refusal("events {}\nfoo bar;\n"),
            "nginx: [emerg] unknown directive \"foo\" in /etc/nginx/nginx.conf:2\n");
  EXPECT_EQ(refusal("events {}\nlisten 80;\n"),
            "nginx: [emerg] \"listen\" directive is not allowed here in /etc/nginx/nginx.conf:2\n");
  EXPECT_EQ(refusal("events {\n"),
            "nginx: [emerg] unexpected end of file, expecting \";\" or \"}\" in "
            "/etc/nginx/nginx.conf:2\n");
  EXPECT_EQ(refusal("events {}\n}\n"),
            "nginx: [emerg] unexpected \"}\" in /etc/nginx/nginx.conf:2\n");
  EXPECT_EQ(refusal(with("server nowhere;")),
            "nginx: [emerg] host not found in upstream \"nowhere\" in /etc/nginx/nginx.conf:4\n");
  EXPECT_EQ(refusal(with("server 10.0.0.1 weight=x;")),
            "nginx: [emerg] invalid parameter \"weight=x\" in /etc/nginx/nginx.conf:4\n");
}

TEST(NginxConf, WhatIsNotModelledIsNamedWithItsPlace) {
  EXPECT_EQ(refusal(with("  least_conn; server 10.0.0.1;")),
            "lvslab: nginx: /etc/nginx/nginx.conf:4:3: least_conn is not modelled\n");
  EXPECT_THAT(refusal(with("server 10.0.0.1;", "root /srv;")), HasSubstr(":9:1: root is not"));
  EXPECT_THAT(refusal(with("server 10.0.0.1;", "return 301 /x;")), HasSubstr("a redirect"));
  EXPECT_THAT(refusal(with("server 10.0.0.1;", "proxy_pass https://web;")), HasSubstr("by TLS"));
}

TEST(NginxConf, AnyTextIsReadOrRefused) {
  const std::string whole = with("server 10.0.0.1 weight=2; server 10.0.0.2 backup;");
  Prng random(11);
  for (int i = 0; i < 5'000; ++i) {
    std::string text = whole;
    for (int hit = 0; hit < 3; ++hit) {
      text[random.below(static_cast<std::uint32_t>(text.size()))] =
          "{};\"'\\$# \nax0"[random.below(13)];
    }
    text.resize(random.below(static_cast<std::uint32_t>(text.size() + 1)));
    const auto conf = read_conf(text);
    EXPECT_TRUE(conf.has_value() || !conf.error().message().empty());
  }
}

// --- choosing servers

class Balancer : public testing::Test {
 protected:
  void use(std::string_view servers) {
    const auto conf = read_conf(with(servers));
    ASSERT_TRUE(conf.has_value()) << conf.error().message();
    balancer = NginxBalancer(conf->upstreams[0]);
  }
  /// A request that succeeds at once, or fails at the servers in `dead`.
  std::string request(std::string_view dead = "") {
    std::string way;
    auto tries = balancer.begin();
    for (;;) {
      const auto server = balancer.choose(tries, now_s);
      if (!server) return way + "-";
      const char letter = static_cast<char>('a' + *server);
      way += letter;
      const bool fails = dead.find(letter) != std::string_view::npos;
      balancer.release(*server, tries, fails, now_s);
      if (!fails) return way;
      if (tries.left == 0) return way + "!";
    }
  }
  std::string requests(int count, std::string_view dead = "") {
    std::string all;
    for (int i = 0; i < count; ++i) all += (i > 0 ? " " : "") + request(dead);
    return all;
  }
  NginxBalancer balancer;
  std::int64_t now_s = 100;
};

TEST_F(Balancer, SpreadsByWeightsSmoothly) {
  use("server 10.0.0.1 weight=5; server 10.0.0.2; server 10.0.0.3;");
  EXPECT_EQ(requests(7), "a a b a c a a");
}

TEST_F(Balancer, TriesTheNextServerAndLeavesTheDeadOneAlone) {
  use("server 10.0.0.1; server 10.0.0.2 max_fails=2 fail_timeout=5s;");
  EXPECT_EQ(requests(6, "b"), "a ba a ba a a");
  now_s += 5;
  EXPECT_EQ(requests(2, "b"), "a a");
  now_s += 1;
  EXPECT_THAT(requests(2, "b"), HasSubstr("ba"));
}

TEST_F(Balancer, AServerThatCameBackIsTakenAgain) {
  use("server 10.0.0.1; server 10.0.0.2;");
  EXPECT_EQ(requests(3, "b"), "a ba a");
  now_s += 11;
  // Its weight grows back from nothing: the first turn passes it by.
  EXPECT_EQ(requests(6), "a a b a b a");
}

TEST_F(Balancer, BackupsServeOnlyWhenNoOtherIsLeft) {
  use("server 10.0.0.1; server 10.0.0.2 backup;");
  EXPECT_EQ(requests(2), "a a");
  EXPECT_EQ(requests(2, "a"), "ab b");
}

TEST_F(Balancer, WithoutAnyLiveServerThereIsNone) {
  use("server 10.0.0.1; server 10.0.0.2;");
  EXPECT_EQ(requests(2, "ab"), "ab! -");
}

TEST_F(Balancer, ASingleServerIsNeverGivenUp) {
  use("server 10.0.0.1;");
  EXPECT_EQ(requests(3, "a"), "a! a! a!");
}

// --- requests

constexpr std::string_view kGetLine = "GET /x HTTP/1.1\r\nHost: vip\r\nUser-Agent: t\r\n\r\n";
constexpr std::string_view kAnswer =
    "HTTP/1.1 200 OK\r\nServer: Apache\r\nContent-Length: 3\r\nConnection: close\r\n"
    "Content-Type: text/html\r\nX-From: me\r\n\r\nabc";

class Proxy : public testing::Test {
 protected:
  explicit Proxy(const std::string& location = "proxy_pass http://web;")
      : host(Nginx(read_conf(with("server 10.0.0.1; server 10.0.0.2;", location)).value())) {
    host.run();
    client = host.accept();
    host.sockets[client].local = {host.address, 80};
    host.advance({});
  }
  void client_sends(std::string_view text) {
    host.data(client, text);
    host.advance({});
  }
  void happens(SocketEventKind kind, std::uint32_t socket, Errno error = Errno::kNone) {
    host.event(kind, socket, {}, error);
    host.advance({});
  }
  void server_answers(std::uint32_t socket, std::string_view text) {
    host.data(socket, text);
    host.advance({});
  }
  std::uint32_t last() const { return static_cast<std::uint32_t>(host.sockets.size() - 1); }
  const std::string& to_client() { return host.sockets[client].sent; }

  FakeIo host;
  std::uint32_t client = 0;
};

TEST_F(Proxy, MakesAConnectionOfItsOwn) {
  client_sends(kGetLine);
  ASSERT_NE(last(), client);
  EXPECT_EQ(host.sockets[last()].remote, (Endpoint{ip("10.0.0.1"), 80}));
  happens(SocketEventKind::kConnected, last());
  EXPECT_EQ(host.sockets[last()].sent,
            "GET /x HTTP/1.0\r\nHost: web\r\nConnection: close\r\nUser-Agent: t\r\n\r\n");
}

TEST_F(Proxy, PassesTheAnswerOnWithHeadersOfItsOwn) {
  client_sends(kGetLine);
  const std::uint32_t server = last();
  happens(SocketEventKind::kConnected, server);
  server_answers(server, kAnswer);
  EXPECT_EQ(to_client(),
            "HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nDate: Thu, 01 Jan 2026 08:00:00 GMT\r\n"
            "Content-Type: text/html\r\nContent-Length: 3\r\nConnection: keep-alive\r\n"
            "X-From: me\r\n\r\nabc");
  EXPECT_TRUE(host.sockets[server].closed);
  EXPECT_FALSE(host.sockets[client].closed);
}

TEST_F(Proxy, TriesTheNextServer) {
  client_sends(kGetLine);
  happens(SocketEventKind::kError, last(), Errno::kConnRefused);
  EXPECT_EQ(host.sockets[last()].remote, (Endpoint{ip("10.0.0.2"), 80}));
  EXPECT_EQ(to_client(), "");
  EXPECT_THAT(host.files["/var/log/nginx/error.log"],
              HasSubstr("*1 connect() failed (111: Connection refused) while connecting to "
                        "upstream, client: "));
}

TEST_F(Proxy, WithoutAServerThereIsABadGateway) {
  client_sends(kGetLine);
  happens(SocketEventKind::kError, last(), Errno::kConnRefused);
  happens(SocketEventKind::kError, last(), Errno::kHostUnreach);
  EXPECT_THAT(to_client(), HasSubstr("HTTP/1.1 502 Bad Gateway\r\n"));
  EXPECT_THAT(to_client(), HasSubstr("Content-Length: 157\r\nConnection: keep-alive\r\n"));
  EXPECT_THAT(host.files["/var/log/nginx/access.log"], HasSubstr("\"GET /x HTTP/1.1\" 502 157"));
}

TEST_F(Proxy, ASilentServerCostsAMinuteAndThenTheNextOneHasIt) {
  client_sends(kGetLine);
  const std::uint32_t first = last();
  happens(SocketEventKind::kConnected, first);
  host.advance(60_s);
  EXPECT_TRUE(host.sockets[first].closed);
  EXPECT_NE(last(), first);
  happens(SocketEventKind::kConnected, last());
  host.advance(60_s);
  EXPECT_THAT(to_client(), HasSubstr("HTTP/1.1 504 Gateway Time-out\r\n"));
}

TEST_F(Proxy, AnIdleClientIsLeftAfter75Seconds) {
  client_sends(kGetLine);
  happens(SocketEventKind::kConnected, last());
  server_answers(last(), kAnswer);
  host.advance(74_s);
  EXPECT_FALSE(host.sockets[client].closed);
  host.advance(1_s);
  EXPECT_TRUE(host.sockets[client].closed);
}

TEST_F(Proxy, ACopyOfItGoesOnByItself) {
  client_sends(kGetLine);
  App copy = host.app;  // a snapshot of the world
  host.app = App{};
  host.app = copy;
  happens(SocketEventKind::kConnected, last());
  server_answers(last(), kAnswer);
  EXPECT_THAT(to_client(), HasSubstr("200 OK"));
}

class ProxyWithHeaders : public Proxy {
 protected:
  ProxyWithHeaders()
      : Proxy(
            "proxy_pass http://web; proxy_set_header Host $host; "
            "proxy_set_header X-Real-IP $remote_addr;") {}
};

TEST_F(ProxyWithHeaders, TellsTheServerWhatItIsToldTo) {
  client_sends(kGetLine);
  happens(SocketEventKind::kConnected, last());
  EXPECT_THAT(host.sockets[last()].sent,
              HasSubstr("GET /x HTTP/1.0\r\nHost: vip\r\nX-Real-IP: 0.0.0.0\r\nConnection: close"));
}

class Answering : public Proxy {
 protected:
  Answering() : Proxy("return 200 hello;") {}
};

TEST_F(Answering, NeedsNoServer) {
  client_sends(kGetLine);
  EXPECT_THAT(to_client(), HasSubstr("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(to_client(), HasSubstr("\r\n\r\nhello"));
}

}  // namespace
}  // namespace lvslab::apps
