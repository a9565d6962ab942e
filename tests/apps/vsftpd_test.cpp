// vsftpd and curl's ftp://: settings, dialogues, data connections. The words are those of
// vsftpd 3.0.3 and curl 7.88.1.
#include "sim/apps/vsftpd.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/command/curl.h"
#include "sim/command/vsftpd.h"
#include "tests/apps/fake_io.h"

namespace lvslab::apps {
namespace {

using testing::HasSubstr;
using Words = std::vector<std::string>;

TEST(VsftpdConf, TakesWhatItsPackageBringsAlong) {
  const auto conf = VsftpdConf::parse(command::default_vsftpd_conf());
  ASSERT_TRUE(conf) << conf.error();
  EXPECT_TRUE(conf->listens);
  EXPECT_TRUE(conf->from_port_20);
  EXPECT_EQ(conf->first_port, 1'024);
}

TEST(VsftpdConf, ComplainsAsVsftpdDoesOrNamesWhatIsLeftOut) {
  const auto complaint = [](const std::string& text) {
    const auto conf = VsftpdConf::parse("listen=YES\n" + text);
    return conf ? std::string("fine") : conf.error();
  };
  EXPECT_EQ(complaint("pasv_min_port=30000\npasv_address=192.168.80.150\n# a comment\n\n"), "fine");
  EXPECT_EQ(complaint("pasv_enable=maybe\n"),
            "500 OOPS: bad bool value in config file for: pasv_enable\n");
  EXPECT_EQ(complaint("pasv_min_port\n"),
            "500 OOPS: missing value in config file for: pasv_min_port\n");
  EXPECT_EQ(complaint("local_enable=YES\n"),
            "lvslab: /etc/vsftpd.conf:2: local_enable=YES is not modelled (close: "
            "local_enable=NO)\n");
  EXPECT_EQ(complaint("pasv_minport=1\n"),
            "lvslab: /etc/vsftpd.conf:2: the option pasv_minport is not modelled (close: "
            "pasv_min_port)\n");
  EXPECT_THAT(VsftpdConf::parse("anonymous_enable=YES\n").error(), HasSubstr("standalone"));
}

/// A server with one session that has logged in.
class VsftpdTest : public ::testing::Test {
 protected:
  VsftpdTest() : io(App(Vsftpd(conf()))) {
    io.files["/srv/ftp/hello.txt"] = "hello\n";
    io.run();
    io.sockets.emplace_back().local = {ip("10.0.0.2"), 21};
    io.sockets.back().remote = {ip("10.0.0.9"), 41'000};
    control = 1;
    SocketEvent e{.kind = SocketEventKind::kAccepted, .socket = {control}, .listener = {0}};
    Step s = io.step();
    on_socket(s, io, io.app, e);
    EXPECT_EQ(answer(), "220 (vsFTPd 3.0.3)\r\n");
    EXPECT_EQ(say("RETR x"), "530 Please login with USER and PASS.\r\n");
    EXPECT_EQ(say("PASS x"), "503 Login with USER first.\r\n");
    EXPECT_EQ(say("USER bob"), "530 This FTP server is anonymous only.\r\n");
    EXPECT_EQ(say("user Anonymous"), "331 Please specify the password.\r\n");
    EXPECT_EQ(say("PASS x"), "230 Login successful.\r\n");
  }
  static VsftpdConf conf() {
    VsftpdConf conf;
    conf.first_port = conf.last_port = 30'000;
    conf.from_port_20 = true;
    return conf;
  }
  std::string answer() { return std::exchange(io.sockets[control].sent, {}); }
  std::string say(std::string_view line) {
    io.data(control, std::string(line) + "\r\n");
    return answer();
  }

  FakeIo io;
  std::uint32_t control = 0;
};

TEST_F(VsftpdTest, AnswersInItsOwnWords) {
  EXPECT_EQ(say("PWD"), "257 \"/\" is the current directory\r\n");
  EXPECT_EQ(say("SIZE hello.txt"), "213 6\r\n");
  EXPECT_EQ(say("SIZE none"), "550 Could not get file size.\r\n");
  EXPECT_EQ(say("TYPE I"), "200 Switching to Binary mode.\r\n");
  EXPECT_EQ(say("CWD none"), "550 Failed to change directory.\r\n");
  EXPECT_EQ(say("STOR x"), "550 Permission denied.\r\n");
  EXPECT_EQ(say("FOO"), "500 Unknown command.\r\n");
  EXPECT_EQ(say("RETR hello.txt"), "425 Use PORT or PASV first.\r\n");
  EXPECT_EQ(say("QUIT"), "221 Goodbye.\r\n");
  EXPECT_TRUE(io.sockets[control].closed);
}

TEST_F(VsftpdTest, ListensForPassiveConnections) {
  EXPECT_EQ(say("EPSV"), "229 Entering Extended Passive Mode (|||30000|)\r\n");
  EXPECT_EQ(say("EPSV 2"), "522 Bad network protocol.\r\n");
  EXPECT_EQ(say("PASV"), "227 Entering Passive Mode (10,0,0,2,117,48).\r\n");
  const auto listener = static_cast<std::uint32_t>(io.sockets.size() - 1);
  EXPECT_EQ(io.sockets[listener].local, (Endpoint{ip("10.0.0.2"), 30'000}));
  EXPECT_EQ(say("RETR hello.txt"), "") << "it waits for the client";
  io.sockets.emplace_back().remote = {ip("10.0.0.9"), 41'001};
  const std::uint32_t data = listener + 1;
  Step s = io.step();
  on_socket(s, io, io.app,
            {.kind = SocketEventKind::kAccepted, .socket = {data}, .listener = {listener}});
  EXPECT_EQ(io.sockets[data].sent, "hello\n");
  EXPECT_TRUE(io.sockets[data].closed);
  EXPECT_TRUE(io.sockets[listener].closed);
  EXPECT_EQ(answer(),
            "150 Opening BINARY mode data connection for hello.txt (6 bytes).\r\n"
            "226 Transfer complete.\r\n");
}

TEST_F(VsftpdTest, LetsNobodyElseHaveTheData) {
  say("PASV");
  const auto listener = static_cast<std::uint32_t>(io.sockets.size() - 1);
  io.sockets.emplace_back().remote = {ip("10.0.0.8"), 41'001};
  Step s = io.step();
  on_socket(s, io, io.app,
            {.kind = SocketEventKind::kAccepted, .socket = {listener + 1}, .listener = {listener}});
  EXPECT_EQ(say("RETR hello.txt"), "425 Security: Bad IP connecting.\r\n");
}

TEST_F(VsftpdTest, ConnectsFromPort20) {
  EXPECT_EQ(say("PORT 10,0,0,8,156,64"), "500 Illegal PORT command.\r\n") << "another host";
  EXPECT_EQ(say("PORT 10,0,0,9,0,80"), "500 Illegal PORT command.\r\n") << "a reserved port";
  EXPECT_EQ(say("EPRT |1|10.0.0.9|40000|"),
            "200 EPRT command successful. Consider using EPSV.\r\n");
  EXPECT_EQ(say("RETR hello.txt"), "");
  const auto data = static_cast<std::uint32_t>(io.sockets.size() - 1);
  EXPECT_EQ(io.sockets[data].local.port, 20);
  EXPECT_EQ(io.sockets[data].remote, (Endpoint{ip("10.0.0.9"), 40'000}));
  io.advance(SimDuration{60'000'000'000});
  EXPECT_EQ(answer(), "425 Failed to establish connection.\r\n");
}

TEST_F(VsftpdTest, IdleSessionsEnd) {
  io.advance(SimDuration{299'000'000'000});
  EXPECT_EQ(say("NOOP"), "200 NOOP ok.\r\n");
  io.advance(SimDuration{300'000'000'000});
  EXPECT_EQ(answer(), "421 Timeout.\r\n");
  EXPECT_TRUE(io.sockets[control].closed);
}

FakeIo fetching(const Words& words) {
  const auto typed = command::parse_curl(words);
  EXPECT_TRUE(typed);
  FakeIo io{App{Curl{*typed}}};
  io.run();
  io.event(SocketEventKind::kConnected, 0);
  for (const std::string_view line :
       {"220 (vsFTPd 3.0.3)", "331 Please specify the password.", "230 Login successful.",
        "257 \"/\" is the current directory"}) {
    io.data(0, std::string(line) + "\r\n");
  }
  return io;
}
constexpr std::string_view kLogin = "USER anonymous\r\nPASS ftp@example.com\r\nPWD\r\n";

TEST(CurlFtp, FallsBackToPasvAndMistrustsItsAddress) {
  FakeIo io = fetching({"curl", "-v", "ftp://192.168.80.150/hello.txt"});
  EXPECT_EQ(io.sockets[0].sent, std::string(kLogin) + "EPSV\r\n");
  io.data(0, "229 Entering Extended Passive Mode (|||30000|)\r\n");
  EXPECT_EQ(io.sockets[1].remote, (Endpoint{ip("192.168.80.150"), 30'000}));
  io.event(SocketEventKind::kError, 1, {}, Errno::kConnRefused);
  EXPECT_THAT(io.err, HasSubstr("* Failed EPSV attempt. Disabling EPSV\n> PASV\r\n"));
  io.data(0, "227 Entering Passive Mode (10,0,0,2,117,49).\r\n");
  EXPECT_THAT(io.err, HasSubstr("* Skip 10.0.0.2 for data connection, re-use 192.168.80.150 "));
  EXPECT_EQ(io.sockets[2].remote, (Endpoint{ip("192.168.80.150"), 30'001}));
  io.event(SocketEventKind::kError, 2, {}, Errno::kConnRefused);
  EXPECT_EQ(io.status, 7);
  EXPECT_TRUE(io.sockets[0].closed) << "without a word of goodbye";
}

TEST(CurlFtp, TakesTheFileAndSaysGoodbye) {
  FakeIo io = fetching({"curl", "-s", "ftp://192.168.80.150/pub/hello.txt"});
  EXPECT_EQ(io.sockets[0].sent, std::string(kLogin) + "CWD pub\r\n");
  io.data(0, "250 Directory successfully changed.\r\n");
  io.data(0, "229 Entering Extended Passive Mode (|||30000|)\r\n");
  io.event(SocketEventKind::kConnected, 1);
  io.data(0, "200 Switching to Binary mode.\r\n");
  io.data(0, "213 6\r\n");
  io.sockets[0].sent.clear();
  io.data(1, "hello\n");
  EXPECT_EQ(io.out, "") << "the server has not said that it begins";
  io.data(0, "150 Opening BINARY mode data connection for hello.txt (6 bytes).\r\n");
  EXPECT_EQ(io.out, "hello\n");
  io.event(SocketEventKind::kPeerClosed, 1);
  io.data(0, "226 Transfer complete.\r\n");
  EXPECT_EQ(io.sockets[0].sent, "QUIT\r\n");
  io.data(0, "221 Goodbye.\r\n");
  io.advance(SimDuration{0});
  EXPECT_TRUE(io.exited);
  EXPECT_EQ(io.status, 0);
}

TEST(CurlFtp, ListensWhereItIsTold) {
  FakeIo io = fetching({"curl", "-s", "-P", "-:40001", "ftp://192.168.80.150/a"});
  EXPECT_EQ(io.sockets[0].sent, std::string(kLogin) + "QUIT\r\n") << "- is no host's name";
  io.data(0, "221 Goodbye.\r\n");
  io.advance(SimDuration{0});
  EXPECT_EQ(io.status, 30);
  FakeIo eprt = fetching({"curl", "-s", "-P", "eth0:40001", "ftp://192.168.80.150/a"});
  EXPECT_EQ(eprt.sockets[0].sent, std::string(kLogin) + "EPRT |1|192.168.80.10|40001|\r\n");
  FakeIo port =
      fetching({"curl", "-s", "-P", ":40001", "--disable-eprt", "ftp://192.168.80.150/a"});
  EXPECT_EQ(port.sockets[0].sent, std::string(kLogin) + "PORT 192,168,80,10,156,65\r\n");
}

TEST(CurlFtp, RefusesWhatIsLeftOut) {
  for (const Words& words :
       {Words{"curl", "ftp://a/"}, Words{"curl", "-I", "ftp://a/b"},
        Words{"curl", "-l", "ftp://a/b"}, Words{"curl", "ftp://a/b", "http://a/"},
        Words{"curl", "ftp://a/b;type=a"}, Words{"curl", "ftp://bob@a/b"},
        Words{"curl", "-T", "x", "ftp://a/b"}}) {
    const auto refused = command::parse_curl(words);
    ASSERT_FALSE(refused) << words.back();
    EXPECT_THAT(refused.error().err, HasSubstr("not modelled")) << words.back();
    EXPECT_EQ(refused.error().status, 2);
  }
}

}  // namespace
}  // namespace lvslab::apps
