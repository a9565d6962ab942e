// Random labs on the simulator and on another backend, held against each other.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "sim/compare/difference.h"
#include "sim/compare/recording.h"
#include "sim/fuzz/campaign.h"
#include "sim/lab/backend.h"

namespace lvslab::cli {

/// Keeps its two backends from lab to lab, so that one boot of a kernel does for many.
class BackendComparer : public fuzz::Comparer {
 public:
  BackendComparer(std::unique_ptr<lab::Backend> ours, std::unique_ptr<lab::Backend> theirs,
                  std::string their_name)
      : ours_(std::move(ours)), theirs_(std::move(theirs)), their_name_(std::move(their_name)) {}

  Result<std::vector<fuzz::Difference>> compare(const scenario::Scenario& scenario) override;

 private:
  std::unique_ptr<lab::Backend> ours_, theirs_;
  std::string their_name_;
};

/// What a difference is about, in a line, and its kind: the same words without names and numbers.
fuzz::Difference described(const compare::Difference& difference);

}  // namespace lvslab::cli
