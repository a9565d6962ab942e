// Which room may include which: the table of docs/architecture.md, checked for every #include,
// since CMake hands include directories on to everybody.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <sstream>

#include "tests/rules/source_tree.h"

namespace lvslab::rules {
namespace {

struct Room {
  std::string_view name;
  std::array<std::string_view, 9> uses;  ///< as in CMakeLists.txt; what those use is allowed, too
};

constexpr std::array kRooms{
    Room{"base", {}},
    Room{"wire", {"base"}},
    Room{"trace", {"wire"}},
    Room{"core", {"trace"}},
    Room{"link", {"core"}},
    Room{"ip", {"core"}},
    Room{"tcp", {"core"}},
    Room{"sctp", {"core"}},
    Room{"ipvs", {"core"}},
    Room{"netfilter", {"core"}},
    Room{"keepalived", {"core", "command"}},
    Room{"apps", {"core", "command"}},
    Room{"command", {"base"}},
    Room{"scenario", {"command"}},
    Room{"host",
         {"link", "ip", "tcp", "sctp", "ipvs", "netfilter", "keepalived", "apps", "command"}},
    Room{"fuzz", {"scenario"}},
    Room{"lab", {"scenario", "trace"}},
    Room{"compare", {"lab"}},
    Room{"backend", {"lab", "host"}},
};

/// kernel-backend: what drives a real kernel, and the program that runs inside of it, which takes
/// the web server from the simulator. They share the protocol, the clock's page and small files.
constexpr std::array kKernelRooms{
    Room{"kernel", {"lab"}},
    Room{"agent", {"apps"}},
};

/// The program sees the narrow waist and names the backends; hosts and protocols stay behind it.
constexpr std::array kCliUses{std::string_view("lab"), std::string_view("backend"),
                              std::string_view("compare"), std::string_view("fuzz")};

/// The floors of the window: models under widgets; only main.cpp names a backend.
struct Floor {
  std::string_view name;
  std::array<std::string_view, 3> floors;  ///< of the window, that it may include
  bool backend = false;
};
constexpr std::array kFloors{
    Floor{"gui/models", {"gui/models"}},
    Floor{"gui/widgets", {"gui/widgets", "gui/models"}},
    Floor{"gui", {"gui", "gui/widgets", "gui/models"}, true},
};

struct Library {
  std::string_view prefix;  ///< how its headers begin
  std::array<std::string_view, 5> rooms;
};

/// Libraries that only the named rooms may include.
constexpr std::array kLibraries{
    Library{"pcap", {"trace"}},
    Library{"yaml-cpp/", {"scenario"}},
    Library{"boost/", {"scenario"}},
    Library{"nlohmann/", {"trace", "command", "scenario", "compare", "cli"}},
    Library{"CLI/", {"cli"}},
    Library{"benchmark/", {"cli"}},
    Library{"Q", {"gui/models", "gui/widgets", "gui"}},
    Library{"vterm", {"gui/models"}},
};

const Room* find_room(std::string_view name) {
  const auto it = std::ranges::find(kRooms, name, &Room::name);
  if (it != kRooms.end()) return &*it;
  const auto kernel = std::ranges::find(kKernelRooms, name, &Room::name);
  return kernel == kKernelRooms.end() ? nullptr : &*kernel;
}

/// `name` and everything that it may include.
std::set<std::string_view> reach_of(std::string_view name) {
  std::set<std::string_view> reach{name};
  if (const Room* room = find_room(name)) {
    for (const std::string_view used : room->uses) {
      if (!used.empty()) reach.merge(reach_of(used));
    }
  }
  return reach;
}

const Floor* find_floor(std::string_view name) {
  const auto it = std::ranges::find(kFloors, name, &Floor::name);
  return it == kFloors.end() ? nullptr : &*it;
}

std::set<std::string_view> allowed_for(std::string_view room) {
  if (const Floor* floor = find_floor(room)) {
    std::set<std::string_view> allowed = reach_of("compare");
    if (floor->backend) allowed.insert("backend");
    return allowed;
  }
  if (room != "cli") return reach_of(room);
  std::set<std::string_view> allowed{"cli"};
  for (const std::string_view used : kCliUses) allowed.insert(used);
  allowed.merge(reach_of("lab"));
  return allowed;
}

struct Include {
  int line = 0;
  std::string_view path;
  bool quoted = false;
};

std::vector<Include> includes_of(const SourceFile& file) {
  std::vector<Include> found;
  int number = 0;
  for (std::string_view line : lines_of(file.text)) {
    ++number;
    const std::size_t hash = line.find_first_not_of(' ');
    if (hash == std::string_view::npos || !line.substr(hash).starts_with("#include")) continue;
    const std::size_t open = line.find_first_of("\"<");
    if (open == std::string_view::npos) continue;
    const std::size_t close = line.find_first_of("\">", open + 1);
    found.push_back({number, line.substr(open + 1, close - open - 1), line[open] == '"'});
  }
  return found;
}

std::optional<std::string> broken_rule(const SourceFile& file, const Include& include) {
  const std::string_view room = file.room();
  if (include.path.starts_with("sim/")) {
    const std::string_view target = include.path.substr(4, include.path.find('/', 4) - 4);
    const auto allowed = allowed_for(room);
    if (allowed.contains(target)) return std::nullopt;
    return fmt::format("room {} must not include {}, only: {}; move the shared part down", room,
                       include.path, fmt::join(allowed, " "));
  }
  if (include.path.starts_with("kernel-backend/")) {
    const bool of_agent = include.path.starts_with("kernel-backend/agent/");
    const bool may = room == "kernel" || room == "cli" || room == "gui";
    if (room == "agent" || (may && !of_agent)) return std::nullopt;
    return fmt::format("room {} must not include {}", room, include.path);
  }
  for (const Library& library : kLibraries) {
    if (include.quoted || !include.path.starts_with(library.prefix)) continue;
    if (std::ranges::find(library.rooms, room) != library.rooms.end()) return std::nullopt;
    return fmt::format("<{}> is not for room {}; the rooms that may use it: [{}]", include.path,
                       room, fmt::join(library.rooms, " "));
  }
  if (include.quoted && include.path.starts_with("gui/")) {
    const Floor* floor = find_floor(room);
    const std::string_view target = include.path.substr(0, include.path.rfind('/'));
    if (floor != nullptr && std::ranges::find(floor->floors, target) != floor->floors.end()) {
      return std::nullopt;
    }
    return fmt::format("{} must not include {}: models lie under widgets, main.cpp above both",
                       room, include.path);
  }
  if (include.quoted && !include.path.starts_with("cli/")) {
    return fmt::format("write \"{}\" from the repository's root (\"sim/base/addr.h\")",
                       include.path);
  }
  if (include.quoted && room != "cli") return fmt::format("room {} must not include the cli", room);
  return std::nullopt;
}

Findings check_layers(const std::vector<SourceFile>& files) {
  Findings findings;
  for (const SourceFile& file : files) {
    if (file.room() != "cli" && find_room(file.room()) == nullptr &&
        find_floor(file.room()) == nullptr) {
      findings.push_back({file.path, 1, "this room is not in the table of layering_test.cpp"});
      continue;
    }
    for (const Include& include : includes_of(file)) {
      if (auto advice = broken_rule(file, include)) {
        findings.push_back({file.path, include.line, *std::move(advice)});
      }
    }
  }
  return findings;
}

TEST(Layering, EveryIncludeOfTheTreeIsAllowed) {
  const auto files = cpp_files({"sim", "cli", "kernel-backend", "gui"});
  ASSERT_GT(files.size(), 10U) << "the sources were not found";
  EXPECT_EQ(to_text(check_layers(files)), "");
}

TEST(Layering, SiblingsAreKeptApart) {
  EXPECT_THAT(check_layers({make_source("sim/tcp/a.cpp", "#include \"sim/ip/fib.h\"\n")}),
              testing::SizeIs(1));
  EXPECT_THAT(check_layers({make_source("sim/tcp/a.cpp", "#include \"sim/wire/tcp.h\"\n")}),
              testing::IsEmpty());
}

TEST(Layering, CommandKnowsNoWire) {
  EXPECT_THAT(check_layers({make_source("sim/command/a.cpp", "#include \"sim/wire/tcp.h\"\n")}),
              testing::SizeIs(1));
}

TEST(Layering, TheProgramSeesBackendButNotTheHostBehindIt) {
  EXPECT_THAT(check_layers({make_source("cli/a.cpp", "#include \"sim/backend/sim_backend.h\"\n")}),
              testing::IsEmpty());
  EXPECT_THAT(check_layers({make_source("cli/a.cpp", "#include \"sim/host/host.h\"\n")}),
              testing::SizeIs(1));
}

TEST(Layering, TheAgentIsForTheKernelAlone) {
  EXPECT_THAT(check_layers({make_source("kernel-backend/a.cpp",
                                        "#include \"kernel-backend/agent/wire.h\"\n")}),
              testing::SizeIs(1));
  EXPECT_THAT(
      check_layers({make_source("kernel-backend/agent/a.cpp", "#include \"sim/host/host.h\"\n")}),
      testing::SizeIs(1));
  EXPECT_THAT(
      check_layers({make_source("sim/lab/a.cpp", "#include \"kernel-backend/kernel.h\"\n")}),
      testing::SizeIs(1));
}

TEST(Layering, PcapStaysInTraceAndQtOutside) {
  EXPECT_THAT(check_layers({make_source("sim/trace/a.cpp", "#include <pcap.h>\n")}),
              testing::IsEmpty());
  EXPECT_THAT(check_layers({make_source("sim/host/a.cpp", "#include <pcap/pcap.h>\n")}),
              testing::SizeIs(1));
  EXPECT_THAT(check_layers({make_source("sim/lab/a.cpp", "#include <QString>\n")}),
              testing::SizeIs(1));
}

TEST(Layering, WidgetsNeverSeeABackendAndModelsNeverSeeWidgets) {
  const auto broken = [](const char* path, const char* include) {
    return !check_layers({make_source(path, include)}).empty();
  };
  EXPECT_TRUE(broken("gui/widgets/a.cpp", "#include \"sim/backend/sim_backend.h\"\n"));
  EXPECT_FALSE(broken("gui/main.cpp", "#include \"sim/backend/sim_backend.h\"\n"));
  EXPECT_TRUE(broken("gui/models/a.cpp", "#include \"gui/widgets/theme.h\"\n"));
  EXPECT_FALSE(broken("gui/widgets/a.cpp", "#include \"gui/models/words.h\"\n"));
  EXPECT_TRUE(broken("gui/models/a.cpp", "#include \"sim/host/host.h\"\n"));
  EXPECT_TRUE(broken("cli/a.cpp", "#include \"gui/models/words.h\"\n"));
}

TEST(Layering, ModelsAreLinkedToQtCoreAlone) {
  const std::string text = read_file("gui/CMakeLists.txt");
  EXPECT_THAT(text, testing::HasSubstr("lvslab_gui_room(models lvslab_lab lvslab_compare Qt6::Core "
                                       "PkgConfig::VTERM)"));
}

TEST(Layering, CMakeLinksWhatTheTableSays) {
  std::istringstream in(read_file("CMakeLists.txt"));
  std::set<std::string> seen;
  std::string line;
  while (std::getline(in, line)) {
    constexpr std::string_view kCall = "lvslab_room(";
    if (!line.starts_with(kCall)) continue;
    std::istringstream words(line.substr(kCall.size(), line.find(')') - kCall.size()));
    std::string name;
    words >> name;
    const Room* room = find_room(name);
    ASSERT_NE(room, nullptr) << "CMakeLists.txt: room " << name
                             << " is not in the table of layering_test.cpp";
    seen.insert(name);
    std::set<std::string_view> linked;
    for (std::string word; words >> word;) {
      if (const Room* dep = find_room(word)) linked.insert(dep->name);
    }
    std::set<std::string_view> table(room->uses.begin(), room->uses.end());
    table.erase("");
    EXPECT_EQ(linked, table) << "DEPS of room " << name
                             << ": make CMakeLists.txt and layering_test.cpp agree";
  }
  EXPECT_EQ(seen.size(), kRooms.size()) << "a room of the table has no lvslab_room() line";
}

}  // namespace
}  // namespace lvslab::rules
