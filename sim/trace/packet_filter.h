// pcap-filter(7) expressions over Ethernet frames, compiled by libpcap and run by its interpreter.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "sim/base/result.h"
#include "sim/trace/filter_names.h"
#include "sim/wire/bytes.h"

namespace lvslab {

/// A compiled filter: a plain value, so a program that uses one can be copied with the world.
class PacketFilter {
 public:
  /// Matches everything.
  PacketFilter() = default;
  /// `hosts` are the names that may stand in the expression. Errors: what libpcap says about it.
  static Result<PacketFilter> compile(const std::string& expression,
                                      std::span<const FilterHost> hosts = {});

  bool matches(Bytes frame) const;
  bool operator==(const PacketFilter&) const = default;

 private:
  /// One instruction of the classic BPF machine: code, jt, jf, k.
  struct Instruction {
    std::uint16_t code = 0;
    std::uint8_t jump_true = 0, jump_false = 0;
    std::uint32_t k = 0;
    bool operator==(const Instruction&) const = default;
  };
  std::vector<Instruction> program_;
};

}  // namespace lvslab
