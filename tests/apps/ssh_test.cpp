// ssh and scp: what they take, and what goes over the connection.
#include "sim/apps/ssh.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "sim/command/command.h"

namespace lvslab::apps {
namespace {

using command::parse_scp;
using command::parse_ssh;
using command::read_reply;
using command::read_request;
using command::ScpCommand;
using command::SshCommand;
using command::SshReply;
using command::SshRequest;
using testing::HasSubstr;
using Words = std::vector<std::string>;

TEST(Ssh, TakesAHostAndACommand) {
  EXPECT_EQ(parse_ssh(Words{"ssh", "root@node04", "ls", "-l"}),
            (SshCommand{.host = "node04", .line = "ls -l"}));
  for (const Words& words : {Words{"ssh", "node04"}, Words{"ssh", "-p", "22", "node04", "ls"},
                             Words{"ssh", "bob@node04", "ls"}}) {
    const auto refused = parse_ssh(words);
    ASSERT_FALSE(refused) << words.back();
    EXPECT_THAT(refused.error().err, HasSubstr("is not modelled"));
  }
}

TEST(Scp, TakesOneLocalAndOneRemotePath) {
  EXPECT_EQ(parse_scp(Words{"scp", "./a", "root@node04:/etc"}),
            (ScpCommand{.host = "node04", .upload = true, .local = "./a", .remote = "/etc"}));
  EXPECT_EQ(parse_scp(Words{"scp", "node04:", "./b:c"}),
            (ScpCommand{.host = "node04", .upload = false, .local = "./b:c", .remote = ""}));
  for (const Words& words : {Words{"scp", "a", "b"}, Words{"scp", "x:a", "y:b"}, Words{"scp", "a"},
                             Words{"scp", "-r", "a", "x:b"}}) {
    const auto refused = parse_scp(words);
    ASSERT_FALSE(refused) << words.back();
    EXPECT_EQ(refused.error().status, 2);
  }
}

TEST(SshMessages, AreReadAsTheyWereWritten) {
  const SshRequest request{.kind = SshRequest::Kind::kPut,
                           .argument = "/etc/a b\n",
                           .content = std::string("\0\n9 9", 5),
                           .name = "c"};
  const std::string bytes = to_bytes(request);
  EXPECT_EQ(read_request(bytes), request);
  const SshReply reply{.status = 3, .text = "no\n"};
  EXPECT_EQ(read_reply(to_bytes(reply)), reply);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    EXPECT_EQ(read_request(bytes.substr(0, i)), std::nullopt) << i;
  }
  for (const char* bad : {"", "RUN", "RUN 1", "RUN a b c\n", "EAT 1 0 0\nx",
                          "PUT 18446744073709551615 1 1\nab", "RUN -1 0 0\n"}) {
    EXPECT_EQ(read_request(bad), std::nullopt) << bad;
    EXPECT_EQ(read_reply(bad), std::nullopt) << bad;
  }
}

TEST(SshMessages, NameFilesAsTheServerFindsThem) {
  EXPECT_EQ(command::remote_path("", "a", true), "/root/a");
  EXPECT_EQ(command::remote_path("x/y", "a", false), "/root/x/y");
  EXPECT_EQ(command::remote_path("~/y", "a", false), "/root/y");
  EXPECT_EQ(command::remote_path("/etc/", "a", true), "/etc/a");
}

struct FakeFiles {
  std::map<std::string, std::string>& files;
  std::optional<std::string> read(const std::string& path) const {
    const auto it = files.find(path);
    return it == files.end() ? std::nullopt : std::optional(it->second);
  }
  bool is_directory(const std::string& path) const { return path == "/etc"; }
  bool write(const std::string& path, const std::string& content) const {
    if (path.starts_with("/no")) return false;
    files[path] = content;
    return true;
  }
};

TEST(SshServer, WritesAndReadsFiles) {
  std::map<std::string, std::string> files;
  const auto ask = [&](const SshRequest& request) { return serve_file(request, FakeFiles{files}); };
  using Kind = SshRequest::Kind;
  EXPECT_EQ(ask({.kind = Kind::kPut, .argument = "/etc", .content = "hi", .name = "motd"}).status,
            0);
  EXPECT_EQ(files["/etc/motd"], "hi");
  EXPECT_EQ(ask({.kind = Kind::kGet, .argument = "/etc/motd"}), (SshReply{.text = "hi"}));
  EXPECT_THAT(ask({.kind = Kind::kGet, .argument = "gone"}).text,
              HasSubstr("scp: gone: No such file or directory"));
  EXPECT_THAT(ask({.kind = Kind::kPut, .argument = "/no/way", .name = "motd"}).text,
              HasSubstr("scp: dest open \"/no/way\": No such file or directory"));
}

}  // namespace
}  // namespace lvslab::apps
