// Every scheduler against sequences recorded from the IPVS of Linux 6.1: which server each of 40
// connections got, for 17 sets of weights. golden/schedulers.txt says how they were made.
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <sstream>

#include "test_paths.h"
#include "tests/ipvs/director_bench.h"

namespace lvslab::ipvs::test {
namespace {

/// The last byte of the chosen server's address, or "-" where the client was refused.
using Servers = std::vector<std::string>;

struct Recorded {
  std::vector<int> weights;
  Servers servers;
};

std::vector<std::string> words_of(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> words;
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

/// By what stands before the colon: a scheduler, and its flags.
std::map<std::string, std::vector<Recorded>> recording() {
  std::ifstream in(std::string(LVSLAB_SOURCE_DIR) + "/tests/ipvs/golden/schedulers.txt");
  std::map<std::string, std::vector<Recorded>> found;
  std::vector<int> weights;
  for (std::string line; std::getline(in, line);) {
    if (line.empty() || line.front() == '#') continue;
    if (line.starts_with("weights ")) {
      weights.clear();
      for (const std::string& word : words_of(line.substr(8))) weights.push_back(std::stoi(word));
      continue;
    }
    const std::size_t colon = line.find(':');
    found[line.substr(0, colon)].push_back({weights, words_of(line.substr(colon + 1))});
  }
  return found;
}

/// A director of the recording: servers .202, .204, .206, ...; dh, lblc and lblcr balance a
/// firewall mark over 16 destination addresses, as they choose by those.
class Replay {
 public:
  Replay(const std::string& label, const std::vector<int>& weights) {
    const std::vector<std::string> words = words_of(label);
    ServiceOptions options{.scheduler = *scheduler_by_name(words.front()), .sched_flags = 0};
    if (label.find("port") != std::string::npos) options.sched_flags |= kSchedPort;
    if (label.find("fallback") != std::string::npos) options.sched_flags |= kSchedFallback;
    by_target_ = words.front() == "dh" || words.front().starts_with("lblc");
    if (by_target_) key_ = {.protocol = 0, .addr = {}, .port = 0, .fwmark = 7};
    Step step = bench_.step();
    EXPECT_EQ(bench_.director.add_service(step, key_, options), Errno::kNone);
    for (std::size_t i = 0; i < weights.size(); ++i) {
      const Ipv4Addr addr{k202.bits + 2 * static_cast<std::uint32_t>(i)};
      bench_.director.add_dest(step, key_, {.addr = addr, .port = key_.port, .weight = weights[i]});
    }
  }

  /// 40 connections, of which every third stays open. Before the 25th the first server's weight
  /// becomes 0, before the 33rd it becomes 4.
  Servers run() {
    Servers out;
    for (std::uint32_t i = 0; i < 40; ++i) {
      if (i == 24) reweigh(0);
      if (i == 32) reweigh(4);
      out.push_back(connect(i));
    }
    return out;
  }

 private:
  void reweigh(std::int32_t weight) {
    Step step = bench_.step();
    bench_.director.edit_dest(step, key_, {.addr = k202, .port = key_.port, .weight = weight});
  }
  std::string connect(std::uint32_t i) {
    const Ipv4Addr client{kClient.bits + 7 * i % 60};
    const auto port = static_cast<std::uint16_t>(40'001 + 7 * i);
    const ServiceKey to{.addr = by_target_ ? Ipv4Addr{0xc0a850a0U + 5 * i % 16} : kVip, .port = 80};
    const std::uint32_t mark = by_target_ ? 7 : 0;
    const Verdict verdict = bench_.segment(port, kSyn, client, to, mark);
    if (verdict.kind != VerdictKind::kDirectRoute) return "-";
    bench_.segment(port, kAck, client, to, mark);
    if (i % 3 != 2) bench_.segment(port, kFin, client, to, mark);
    return std::to_string(verdict.next.bits & 0xff);
  }

  DirectorBench bench_;
  ServiceKey key_ = kWeb;
  bool by_target_ = false;
};

class KernelSequence : public ::testing::TestWithParam<std::string> {};

TEST_P(KernelSequence, IsOursToo) {
  const std::vector<Recorded> lines = recording()[GetParam()];
  ASSERT_EQ(lines.size(), 17U);
  for (const Recorded& line : lines) {
    EXPECT_EQ(Replay(GetParam(), line.weights).run(), line.servers)
        << "weights " << ::testing::PrintToString(line.weights);
  }
}

INSTANTIATE_TEST_SUITE_P(Linux61, KernelSequence,
                         ::testing::Values("rr", "wrr", "lc", "wlc", "fo", "ovf", "sed", "nq", "dh",
                                           "lblc", "lblcr", "sh", "sh sh-port", "sh sh-fallback",
                                           "sh sh-port,sh-fallback", "mh", "mh mh-port",
                                           "mh mh-fallback", "mh mh-port,mh-fallback"),
                         [](const auto& param) {
                           std::string name = param.param;
                           std::erase_if(name, [](char c) { return c == '-' || c == ','; });
                           std::ranges::replace(name, ' ', '_');
                           return name;
                         });

TEST(TwoChoices, DrawsBothAndSpreadsByWeight) {
  Replay replay("twos", {3, 0, 1});
  const Servers servers = replay.run();
  EXPECT_EQ(std::ranges::count(servers, "204"), 0) << "weight 0 takes none";
  EXPECT_GT(std::ranges::count(servers, "202"), 10);
  EXPECT_GT(std::ranges::count(servers, "206"), 5);
}

}  // namespace
}  // namespace lvslab::ipvs::test
