// One of the two recordings, prepared: who sent and received what at each interface, by
// conversation.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "sim/compare/flows.h"
#include "sim/compare/normal.h"
#include "sim/compare/recording.h"

namespace lvslab::compare {

/// A frame that passes an interface.
struct Passing {
  RecordId record;
  FrameId frame;
  SimTime at;
  bool out = false;
};

struct InterfaceName {
  std::string host, dev;
  std::string to_string() const { return host + "/" + dev; }
  auto operator<=>(const InterfaceName&) const = default;
};

/// The frames of one interface by conversation, each in the order of time.
using Conversations = std::map<std::string, std::vector<Passing>>;

class Side {
 public:
  /// `recording` outlives this.
  explicit Side(const Recording& recording);

  const Recording& recording() const { return recording_; }
  const Flows& flows() const { return flows_; }
  const NormalFrame& frame(FrameId id) const { return frames_.at(id.value); }
  const std::map<InterfaceName, Conversations>& interfaces() const { return interfaces_; }
  /// None for an interface where nothing passed.
  const Conversations& at(const InterfaceName& name) const;
  /// When `host` last booted, until `at`; 0 if it only did at the start.
  SimTime booted(std::string_view host, SimTime at) const;

 private:
  const Recording& recording_;
  Flows flows_;
  std::map<std::uint32_t, NormalFrame> frames_;
  std::map<InterfaceName, Conversations> interfaces_;
  std::map<std::string, std::vector<SimTime>, std::less<>> reboots_;
};

}  // namespace lvslab::compare
