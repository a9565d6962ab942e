// HostTables and row changes as bytes, for the way from the agent to the launcher.
//
// Both ends are built from one source: the version byte guards against a mix-up, nothing else is
// promised to last. What comes in may be garbage: decoding checks every length, enumerator, name
// and prefix, allocates no more than a small multiple of what came in, and never reads past it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sim/base/result.h"
#include "sim/base/table_diff.h"
#include "sim/base/tables.h"

namespace lvslab::kernel {

std::string encode_tables(const HostTables& tables);
/// Errors: the bytes are not exactly one encoding of tables.
Result<HostTables> decode_tables(std::string_view bytes);

std::string encode_changes(const std::vector<RowChange>& changes);
Result<std::vector<RowChange>> decode_changes(std::string_view bytes);

}  // namespace lvslab::kernel
