#include "sim/lab/loading.h"

#include "sim/scenario/loader.h"
#include "sim/trace/packet_filter.h"
#include "sim/trace/reason.h"

namespace lvslab::lab {
namespace {

std::string check_filter(const std::string& filter) {
  const auto compiled = PacketFilter::compile(filter);
  return compiled ? std::string() : compiled.error().message;
}

std::vector<std::string_view> reason_names() {
  std::vector<std::string_view> names;
  for (const ReasonInfo& reason : all_reasons()) names.push_back(reason.name);
  return names;
}

}  // namespace

Loaded load_scenario(const std::string& path) {
  const auto names = reason_names();
  return scenario::load(path, {.reason_codes = names, .check_filter = check_filter});
}

Loaded load_scenario_text(const std::string& text, const std::string& file) {
  const auto names = reason_names();
  return scenario::load_text(text, file, {.reason_codes = names, .check_filter = check_filter});
}

}  // namespace lvslab::lab
