// Golden files of this room, and frames written as hex: one per line, as text2pcap(1) reads them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/base/prng.h"

namespace lvslab::test {

using Frame = std::vector<std::uint8_t>;

/// The text of tests/wire/golden/`name`; a test failure if it is missing.
std::string read_golden(const std::string& name);

/// For test::expect_golden().
std::string golden_path(const std::string& name);

/// "0000 ff ff ..." per frame.
std::string to_hex(const std::vector<Frame>& frames);
std::vector<Frame> from_hex(const std::string& text);

/// The fields that dissect() finds from byte `from` on, one a line.
std::string field_lines(const Frame& frame, std::size_t from = 0);
/// One of `frames`, cut off somewhere, with up to five bytes changed.
Frame mangled(const std::vector<Frame>& frames, Prng& prng);

}  // namespace lvslab::test
