// The rules of style and determinism as functions from a source file to findings. They read text,
// not a syntax tree: each is a heuristic that is right for code formatted as ours is.
#pragma once

#include "tests/rules/source_tree.h"

namespace lvslab::rules {

/// Clocks, random devices, threads, shared ownership, hash containers, std::function: what would
/// make a run depend on anything but scenario, seed and command log, or cost an allocation an
/// event.
Findings check_bans(const SourceFile& file);
/// `double` and `float`, except in the files of a named list, each with its reason.
Findings check_floating_point(const SourceFile& file);
/// Variables at namespace scope, static members and static locals that are not const.
Findings check_globals(const SourceFile& file);
/// At most 600 lines a file, 70 lines a function, 100 columns a line; no tabs.
/// Raw strings may hold any line: they are the real tools' output.
Findings check_sizes(const SourceFile& file);
/// #pragma once, and an opening comment that says what the header models.
Findings check_header(const SourceFile& file);
/// Words that promise work for later.
Findings check_promises(const SourceFile& file);

}  // namespace lvslab::rules
