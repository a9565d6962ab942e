// The files that the tests of this room read and write.
#pragma once

#include "test_paths.h"
#include "tests/golden.h"

namespace lvslab::scenario {

inline std::filesystem::path source_dir() { return LVSLAB_SOURCE_DIR; }
using test::expect_golden;
using test::read_text;

}  // namespace lvslab::scenario
