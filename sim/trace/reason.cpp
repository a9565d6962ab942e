#include "sim/trace/reason.h"

namespace lvslab {
namespace {

constexpr ReasonArgs make_args(ArgKind a, ArgKind b, ArgKind c) { return {a, b, c}; }

// Lets the .def files write Args(Ip, Int, None) for make_args(ArgKind::kIp, ...).
#define Args(a, b, c) make_args(ArgKind::k##a, ArgKind::k##b, ArgKind::k##c)
constexpr ReasonInfo kCatalogue[] = {
    {},
#define LVSLAB_REASON(id, name, args, en, zh, source) {Reason::id, name, args, en, zh, source},
#include "sim/trace/reasons/all.def"
#undef LVSLAB_REASON
};
#undef Args

}  // namespace

const ReasonInfo& info(Reason code) { return kCatalogue[static_cast<std::size_t>(code)]; }

std::optional<Reason> reason_by_name(std::string_view name) {
  for (const ReasonInfo& entry : all_reasons()) {
    if (entry.name == name) return entry.code;
  }
  return std::nullopt;
}

std::span<const ReasonInfo> all_reasons() { return std::span(kCatalogue).subspan(1); }

}  // namespace lvslab
