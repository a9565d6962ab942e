// A real kernel for tests. Where what it takes is not installed they are skipped, with the reason;
// where it is, a kernel that does not come up fails them.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "kernel-backend/kernel_backend.h"
#include "kernel-backend/uml_kernel.h"
#include "sim/lab/session.h"
#include "sim/scenario/loader.h"

namespace lvslab::kernel {

inline std::unique_ptr<KernelBackend> make_kernel_backend() {
  return std::make_unique<KernelBackend>(
      [](const KernelBackend::Wanted& wanted) -> Result<std::unique_ptr<Kernel>> {
        return UmlKernel::boot({.seed = wanted.seed, .ipv6 = wanted.ipv6});
      });
}

/// A scenario from text; a failed expectation and an empty one if it has mistakes.
inline scenario::Scenario scenario_of(const std::string& yaml) {
  auto loaded = scenario::load_text(yaml, "test.yaml");
  if (loaded) return *std::move(loaded);
  ADD_FAILURE() << loaded.error().front().to_string();
  return {};
}

/// Two hosts at a switch.
inline constexpr const char* kTwoHosts = R"(
title: two hosts
switches: [{name: lan}]
hosts:
  - name: a
    nics: [{addresses: 10.0.0.1/24, switch: lan}]
  - name: b
    nics: [{addresses: 10.0.0.2/24, switch: lan}]
)";

/// A lab on a real kernel, to type on.
class KernelLab : public testing::Test {
 protected:
  void SetUp() override {
    if (const std::string what = UmlKernel::missing(); !what.empty()) GTEST_SKIP() << what;
    backend_ = make_kernel_backend();
    start(kTwoHosts);
  }
  void start(const std::string& yaml) {
    session_ = std::make_unique<lab::Session>(*backend_, scenario_of(yaml));
    const auto started = session_->start();
    ASSERT_TRUE(started) << started.error().to_string();
  }
  /// What a line prints, when it is done.
  std::string type(const std::string& host, const std::string& line) {
    const auto entry = session_->type(host, line);
    if (!entry) return entry.error().to_string();
    session_->run_until_done(*entry);
    status_ = session_->entries()[*entry].status;
    return session_->entries()[*entry].output;
  }

  /// The same, but Ctrl-C after so much of the lab's time.
  std::string type_for(const std::string& host, const std::string& line, SimDuration limit) {
    const auto entry = session_->type(host, line);
    if (!entry) return entry.error().to_string();
    session_->run_until_done(*entry, session_->now() + limit);
    if (!session_->entries()[*entry].done) {
      session_->interrupt(*entry);
      session_->run_until(session_->now() + SimDuration{1'000'000'000});
    }
    return backend_->job(session_->entries()[*entry].ticket).output;
  }

  std::unique_ptr<KernelBackend> backend_;
  std::unique_ptr<lab::Session> session_;
  int status_ = 0;
};

}  // namespace lvslab::kernel
