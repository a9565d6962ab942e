// Plays shipped scenarios on the simulator, for tests.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "sim/backend/sim_backend.h"
#include "sim/lab/session.h"
#include "sim/scenario/loader.h"
#include "test_paths.h"

namespace lvslab::backend {

inline std::filesystem::path source_dir() { return LVSLAB_SOURCE_DIR; }

inline scenario::Scenario load_text(const std::string& text) {
  auto loaded = scenario::load_text(text, "test.yaml");
  if (loaded) return *std::move(loaded);
  for (const Error& error : loaded.error()) ADD_FAILURE() << error.to_string();
  return {};
}

inline scenario::Scenario load_shipped(const std::string& name) {
  auto loaded = scenario::load((source_dir() / "scenarios" / (name + ".yaml")).string());
  if (loaded) return *std::move(loaded);
  for (const Error& error : loaded.error()) ADD_FAILURE() << error.to_string();
  return {};
}

inline std::vector<std::string> shipped_names() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(source_dir() / "scenarios")) {
    if (entry.path().extension() == ".yaml") names.push_back(entry.path().stem().string());
  }
  std::ranges::sort(names);
  return names;
}

/// A session that has been started.
class Lab {
 public:
  explicit Lab(scenario::Scenario scenario, lab::SessionOptions options = {})
      : session(backend, std::move(scenario), options) {
    const auto started = session.start();
    EXPECT_TRUE(started.has_value()) << (started ? "" : started.error().to_string());
  }
  /// Types a line and waits: what it printed.
  std::string type(const std::string& host, const std::string& line) {
    const auto entry = session.type(host, line);
    EXPECT_TRUE(entry.has_value());
    session.run_until_done(*entry);
    return session.entries()[*entry].output;
  }

  SimBackend backend;
  lab::Session session;
};

}  // namespace lvslab::backend
