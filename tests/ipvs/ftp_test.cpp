// The FTP helper: what it reads in control connections, and the entries that it makes.
// Source: net/netfilter/ipvs/ip_vs_ftp.c.
#include "sim/ipvs/ftp.h"

#include <gtest/gtest.h>

#include "tests/ipvs/director_bench.h"

namespace lvslab::ipvs::test {
namespace {

constexpr ServiceKey kFtp{.protocol = 6, .addr = kVip, .port = 21};
constexpr Endpoint kServer21{k204, 21};
using enum IpvsConnState;

TEST(FtpText, FindsWhereTheClientListens) {
  const auto port = ftp_active_target("PORT 192,168,80,10,156,64\r\n");
  ASSERT_TRUE(port);
  EXPECT_EQ(port->to, (Endpoint{kClient, 40'000}));
  EXPECT_EQ(ftp_active_target("port 192,168,80,10,156,64\r\n")->to.port, 40'000);
  EXPECT_EQ(ftp_active_target("EPRT |1|192.168.80.10|40000|\r\n")->to, (Endpoint{kClient, 40'000}));
  EXPECT_EQ(ftp_active_target("EPRT #1#192.168.80.10#40000#\r\n")->to.port, 40'000);
  for (const std::string_view text :
       {"PORT 192,168,80,10,156", "PORT 192,168,80,10,156,64", "PORT 192,168,80,300,156,64\r\n",
        "EPRT |2|192.168.80.10|40000|\r\n", "EPRT |1|192.168.80.10|0|\r\n",
        "EPRT |1|192.168.80.10|40000", "NOOP\r\nPORT 192,168,80,10,156,64\r\n", "POR", ""}) {
    EXPECT_FALSE(ftp_active_target(text)) << text;
  }
}

TEST(FtpText, FindsWhereTheServerListens) {
  constexpr std::string_view k227 = "227 Entering Passive Mode (192,168,80,204,117,48).\r\n";
  const auto pasv = ftp_passive_target(k227, FtpMode::kPassive, k202);
  ASSERT_TRUE(pasv);
  EXPECT_EQ(pasv->to, (Endpoint{k204, 30'000}));
  EXPECT_EQ(k227.substr(pasv->at, pasv->length), "192,168,80,204,117,48");
  EXPECT_TRUE(ftp_passive_target("227 go to 1,2,3,4,5,6\r\n", FtpMode::kPassive, k202))
      << "brackets are a habit";
  constexpr std::string_view k229 = "229 Entering Extended Passive Mode (|||30000|)\r\n";
  const auto epsv = ftp_passive_target(k229, FtpMode::kExtendedPassive, k202);
  ASSERT_TRUE(epsv);
  EXPECT_EQ(epsv->to, (Endpoint{k202, 30'000}));
  EXPECT_EQ(k229.substr(epsv->at, epsv->length), "|||30000|");
  EXPECT_FALSE(ftp_passive_target(k229, FtpMode::kPassive, k202));
  EXPECT_FALSE(ftp_passive_target(k227.substr(0, 47), FtpMode::kPassive, k202))
      << "the last number may go on";
}

TEST(FtpText, SeesWhatIsAskedForWhereverItStands) {
  EXPECT_EQ(ftp_asks_passive("PASV\r\n"), FtpMode::kPassive);
  EXPECT_EQ(ftp_asks_passive("NOOP\r\npasv\r\n"), FtpMode::kPassive);
  EXPECT_EQ(ftp_asks_passive("EPSV\r\n"), FtpMode::kExtendedPassive);
  EXPECT_EQ(ftp_asks_passive("EPSV 1\r\n"), FtpMode::kExtendedPassive);
  for (const std::string_view text : {"EPSV 2\r\n", "EPSV ALL\r\n", "PASV\n", "EPSV\n", "PAS"}) {
    EXPECT_FALSE(ftp_asks_passive(text)) << text;
  }
}

TEST(FtpText, IsWrittenAsServersWriteIt) {
  EXPECT_EQ(ftp_passive_text(FtpMode::kPassive, {kVip, 30'000}), "192,168,80,150,117,48");
  EXPECT_EQ(ftp_passive_text(FtpMode::kExtendedPassive, {kVip, 30'000}), "|||30000|");
}

/// A control connection from port 1002 through a director with the helper, past its handshake.
class FtpHelper : public ::testing::Test {
 protected:
  FtpHelper() {
    bench.director.load_ftp_helper();
    bench.service(SchedulerId::kRr, kFtp);
    bench.add({.addr = k204, .port = 21, .forward = IpvsForward::kMasq}, kFtp);
    bench.segment(1002, kSyn, kClient, kFtp);
    bench.reply(1002, kSyn | kAck, kServer21);
    bench.segment(1002, kAck, kClient, kFtp);
  }
  static std::vector<std::uint8_t> with_data(Endpoint from, Endpoint to, std::string_view text) {
    TcpRepr tcp;
    tcp.src_port = from.port;
    tcp.dst_port = to.port;
    tcp.seq = 1'000;
    tcp.flags = kAck;
    return tcp_segment({{}, {}, from.addr, to.addr}, tcp,
                       {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
  }
  void ask(std::string_view text) { bench.in(with_data({kClient, 1002}, {kVip, 21}, text)); }
  /// An answer of the server; `tracked`: connection tracking knows its flow.
  Answer answer(std::string_view text, bool tracked = true) {
    const std::vector<std::uint8_t> ethernet = with_data(kServer21, {kClient, 1002}, text);
    const Bytes bytes = Bytes(ethernet).subspan(EthernetRepr::kLength);
    Packet packet;
    packet.frame = bench.world.frames.allocate(bytes.size());
    std::ranges::copy(bytes, bench.world.frames.writable(packet.frame).begin());
    packet.ip = *Ipv4Repr::parse_header(bytes);
    packet.in_dev = IfIndex(2);
    if (tracked) packet.flow = {.index = 0, .born = 1};
    Step s = bench.step();
    const Answer result = bench.director.on_reply(s, packet);
    const Bytes passed = bench.world.frames.bytes(packet.frame);
    sent.assign(passed.begin(), passed.end());
    bench.world.frames.release(packet.frame);
    return result;
  }
  std::string sent_text() const {
    const Bytes data = Bytes(sent).subspan(Ipv4Repr::kLength + TcpRepr::kLength);
    return {data.begin(), data.end()};
  }

  DirectorBench bench;
  std::vector<std::uint8_t> sent;
};

TEST_F(FtpHelper, TellsTheClientOfTheVirtualAddress) {
  ask("PASV\r\n");
  const Answer told = answer("227 Entering Passive Mode (192,168,80,204,117,48).\r\n");
  EXPECT_EQ(sent_text(), "227 Entering Passive Mode (192,168,80,150,117,48).\r\n");
  EXPECT_EQ(told.sequence, 1'000U);
  EXPECT_EQ(told.grown, 0) << "both addresses are as long";
  const auto repr = Ipv4Repr::parse(sent);
  ASSERT_TRUE(repr);
  EXPECT_TRUE(tcp_checksum_ok(ipv4_payload(sent, *repr), kVip, kClient));
  EXPECT_EQ(bench.state(0), std::pair(kListen, std::int64_t{120}));
  EXPECT_EQ(bench.dest(k204).inactive, 1U) << "the data connection counts before it is there";
}

TEST_F(FtpHelper, SaysHowMuchLongerTheAnswerBecame) {
  ask("PASV\r\n");
  const Answer told = answer("227 go (10,0,0,2,117,48).\r\n");
  EXPECT_EQ(sent_text(), "227 go (192,168,80,150,117,48).\r\n");
  EXPECT_EQ(told.grown, 6);
}

TEST_F(FtpHelper, LeavesAnswersAloneThatNobodyAskedFor) {
  EXPECT_EQ(answer("227 go (10,0,0,2,117,48).\r\n").grown, 0);
  EXPECT_EQ(sent_text(), "227 go (10,0,0,2,117,48).\r\n");
  ask("EPSV\r\n");
  answer("227 go (10,0,0,2,117,48).\r\n");
  EXPECT_EQ(sent_text(), "227 go (10,0,0,2,117,48).\r\n") << "EPSV is answered by 229";
  EXPECT_FALSE(bench.conn(0));
}

TEST_F(FtpHelper, DropsWhatItCannotRewrite) {
  ask("PASV\r\n");
  EXPECT_EQ(answer("227 go (10,0,0,2,117,48).\r\n", false).verdict, AnswerVerdict::kDrop);
  EXPECT_TRUE(bench.conn(0)) << "the entry is there all the same";
}

TEST_F(FtpHelper, TheDataConnectionFindsItsServer) {
  ask("EPSV\r\n");
  answer("229 Entering Extended Passive Mode (|||30000|)\r\n");
  const ServiceKey data{.protocol = 6, .addr = kVip, .port = 30'000};
  const Verdict verdict = bench.segment(1003, kSyn, kClient, data);
  EXPECT_EQ(verdict.kind, VerdictKind::kMasquerade);
  EXPECT_EQ(verdict.next, k204);
  EXPECT_EQ(verdict.port, 30'000);
  EXPECT_FALSE(bench.conn(0)) << "the port is known now";
  EXPECT_TRUE(bench.conn(1003));
  EXPECT_EQ(bench.segment(1004, kSyn, kClient, data).kind, VerdictKind::kAccept)
      << "the entry was for one connection";
}

TEST_F(FtpHelper, AServerThatConnectsSpeaksForTheVip) {
  ask("PORT 192,168,80,10,156,64\r\n");
  EXPECT_EQ(bench.state(40'000), std::pair(kListen, std::int64_t{120}));
  EXPECT_EQ(bench.reply(40'000, kSyn, {k204, 20}).src, kVip);
  EXPECT_EQ(load_be16(bench.passed.data() + Ipv4Repr::kLength), 20) << "one below the service's";
}

TEST_F(FtpHelper, TheControlConnectionOutlivesItsDataConnections) {
  ask("PORT 192,168,80,10,156,64\r\n");
  bench.segment(1002, kRst, kClient, kFtp);
  EXPECT_EQ(bench.state(1002), std::pair(kClose, std::int64_t{10}));
  bench.wait_s(15);
  EXPECT_EQ(bench.state(1002), std::pair(kClose, std::int64_t{55})) << "another minute";
  bench.wait_s(120);
  EXPECT_FALSE(bench.conn(40'000));
  EXPECT_FALSE(bench.conn(1002));
}

TEST_F(FtpHelper, TwoCommandsForOnePortShareAnEntry) {
  ask("PORT 192,168,80,10,156,64\r\n");
  bench.wait_s(50);
  ask("PORT 192,168,80,10,156,64\r\n");
  EXPECT_EQ(bench.state(40'000), std::pair(kListen, std::int64_t{120}));
  EXPECT_EQ(bench.tables().conns.size(), 2U);
}

TEST(FtpService, WantsConnectionTrackingForNat) {
  DirectorBench bench;
  bench.service(SchedulerId::kRr, kFtp);
  EXPECT_FALSE(bench.director.wants_conntrack());
  bench.add({.addr = k202, .port = 21}, kFtp);
  EXPECT_FALSE(bench.director.wants_conntrack()) << "direct routing rewrites nothing";
  bench.add({.addr = k204, .port = 21, .forward = IpvsForward::kMasq}, kFtp);
  EXPECT_TRUE(bench.director.wants_conntrack()) << "with or without the module";
  bench.remove_service(kFtp);
  EXPECT_FALSE(bench.director.wants_conntrack());
}

TEST(FtpService, WithoutTheModuleNothingIsRead) {
  DirectorBench bench;
  bench.service(SchedulerId::kRr, kFtp);
  bench.add({.addr = k204, .port = 21, .forward = IpvsForward::kMasq}, kFtp);
  bench.segment(1002, kSyn, kClient, kFtp);
  bench.director.load_ftp_helper();
  EXPECT_EQ(bench.director.helped_connections(), 0U) << "it began before the module came";
  bench.segment(1003, kSyn, kClient, kFtp);
  EXPECT_EQ(bench.director.helped_connections(), 1U);
}

}  // namespace
}  // namespace lvslab::ipvs::test
