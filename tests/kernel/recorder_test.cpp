// What a kernel tells in real time comes late and not in order; the trace is in order all the same.
#include <gmock/gmock.h>

#include "kernel-backend/recorder.h"
#include "tests/kernel/lab_kernel.h"

namespace lvslab::kernel {
namespace {

using testing::ElementsAre;

CapturedFrame frame(std::uint32_t host, std::int64_t at_ns, bool outgoing) {
  return {host, 2, at_ns, outgoing, std::string(60, 'f')};
}

class RecorderInRealTime : public testing::Test {
 protected:
  void SetUp() override { recorder_.begin(scenario_of(kTwoHosts), &trace_); }
  std::vector<std::int64_t> times() const {
    std::vector<std::int64_t> times;
    for (const TraceRecord& record : trace_.records()) times.push_back(record.at.ns);
    return times;
  }
  Trace trace_;
  Recorder recorder_;
};

TEST_F(RecorderInRealTime, KeepsBackWhatSomethingEarlierMayStillPrecede) {
  recorder_.frame(frame(1, 2'000, false));  // its socket was read before the sender's
  EXPECT_EQ(recorder_.flush(SimTime{1'500}).ns, 0);
  EXPECT_THAT(times(), ElementsAre());
  recorder_.frame(frame(0, 1'900, true));
  EXPECT_EQ(recorder_.flush(SimTime{2'500}).ns, 2'000);
  EXPECT_THAT(times(), ElementsAre(1'900, 2'000));
  const auto records = trace_.records();
  EXPECT_EQ(records[0].kind, RecordKind::kFrameSent);
  EXPECT_EQ(records[1].kind, RecordKind::kFrameReceived);
  EXPECT_EQ(records[1].cause, RecordId(0)) << "so the sending is known as what led to it";
}

TEST_F(RecorderInRealTime, RecordsUpToTheGivenTimeAndThatIncluded) {
  recorder_.frame(frame(0, 1'000, true));
  recorder_.frame(frame(0, 3'000, true));
  recorder_.frame(frame(0, 2'000, true));
  recorder_.flush(SimTime{2'000});
  EXPECT_THAT(times(), ElementsAre(1'000, 2'000));
  recorder_.flush();
  EXPECT_THAT(times(), ElementsAre(1'000, 2'000, 3'000));
}

}  // namespace
}  // namespace lvslab::kernel
