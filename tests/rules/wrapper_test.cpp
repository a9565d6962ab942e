// The wrapper script ./lvslab, run on small trees of its own: what it hands to the program, and
// what it says when it cannot go on. Nothing is compiled or installed here.
#include <gmock/gmock.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "tests/rules/run.h"
#include "tests/rules/source_tree.h"

namespace lvslab::rules {
namespace fs = std::filesystem;
namespace {

using testing::HasSubstr;

/// A clone in a folder with a space in its name, with the wrapper and one needed package.
class Wrapper : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "lvslab wrapper XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    top_ = name;
    write("clone/lvslab", read_file("lvslab"));
    fs::permissions(top_ / "clone/lvslab", fs::perms::owner_all);
    for (const char* part : {"sim/a.cpp", "cli/a.cpp", "kernel-backend/a.cpp", "CMakeLists.txt",
                             "CMakePresets.json"}) {
      write(std::string("clone/") + part, "");
    }
    write("clone/cmake/packages/build.txt", "# needed\nno-such-package-of-debian\n");
  }
  void TearDown() override { fs::remove_all(top_); }

  void write(const std::string& path, const std::string& text) {
    fs::create_directories((top_ / path).parent_path());
    std::ofstream(top_ / path) << text;
  }
  /// As a good build leaves it: a program that prints where it is and what it was given.
  void build_program() {
    write("clone/build/release/cli/lvslab",
          "#!/bin/sh\necho \"in $PWD\"\nfor a; do echo \"<$a>\"; done\nexit 7\n");
    fs::permissions(top_ / "clone/build/release/cli/lvslab", fs::perms::owner_all);
    write("clone/build/release/.fresh-lvslab", (top_ / "clone").string());
    const auto later = fs::file_time_type::clock::now() + std::chrono::hours(1);
    fs::last_write_time(top_ / "clone/build/release/.fresh-lvslab", later);
  }
  /// Runs a line of shell with $TOP as the folder that holds the clone, in that folder.
  Ran sh(const std::string& line) const {
    return run("export TOP=" + in_single_quotes(top_.string()) +
               " LVSLAB_NO_INSTALL=1; unset LVSLAB_BUILD_ROOT LVSLAB_NO_BUILD; cd \"$TOP\"; " +
               line);
  }

  fs::path top_;
};

TEST_F(Wrapper, HandsArgumentsFolderAndExitStatusThrough) {
  build_program();
  const Ran ran = sh("clone/lvslab run 'a b.yaml' --seed 1");
  EXPECT_EQ(ran.output, "in " + top_.string() + "\n<run>\n<a b.yaml>\n<--seed>\n<1>\n");
  EXPECT_EQ(ran.status, 7);
}

TEST_F(Wrapper, WorksThroughASymbolicLink) {
  build_program();
  const Ran ran = sh("mkdir bin; ln -s ../clone/lvslab bin/lab; bin/lab list");
  EXPECT_EQ(ran.output, "in " + top_.string() + "\n<list>\n");
}

TEST_F(Wrapper, NamesTheMissingPackagesInsteadOfInstallingWhenForbidden) {
  const Ran ran = sh("clone/lvslab run x.yaml");
  EXPECT_THAT(ran.output, HasSubstr("no-such-package-of-debian"));
  EXPECT_EQ(ran.status, 1);
}

TEST_F(Wrapper, TheWindowNeedsPackagesThatTheProgramDoesNot) {
  build_program();
  write("clone/cmake/packages/gui.txt", "no-such-toolkit-of-debian\n");
  EXPECT_EQ(sh("clone/lvslab list").status, 7);
  const Ran ran = sh("export DISPLAY=:7; clone/lvslab gui dr-basic");
  EXPECT_THAT(ran.output, HasSubstr("no-such-toolkit-of-debian"));
  EXPECT_EQ(ran.status, 1);
}

TEST_F(Wrapper, WithoutADisplayTheWindowSaysSoBeforeItInstallsAnything) {
  write("clone/cmake/packages/gui.txt", "no-such-toolkit-of-debian\n");
  const std::string bare = "unset DISPLAY WAYLAND_DISPLAY QT_QPA_PLATFORM; clone/lvslab gui";
  const Ran ran = sh(bare + " dr-basic");
  EXPECT_THAT(ran.output, HasSubstr("there is no display"));
  EXPECT_THAT(ran.output, testing::Not(HasSubstr("no-such-toolkit-of-debian")));
  EXPECT_EQ(ran.status, 1);
  EXPECT_THAT(sh(bare + " --help").output, HasSubstr("no-such-toolkit-of-debian"));
}

TEST_F(Wrapper, AMovedCloneIsNotTakenForBuilt) {
  build_program();
  const Ran ran = sh("mv clone elsewhere; elsewhere/lvslab list");
  EXPECT_THAT(ran.output, HasSubstr("no-such-package-of-debian"));
  EXPECT_EQ(ran.status, 1);
}

TEST_F(Wrapper, AnUnknownPackageGroupIsAnErrorThatListsThem) {
  const Ran ran = sh("clone/lvslab setup gadgets");
  EXPECT_THAT(ran.output, HasSubstr("no package group 'gadgets'; there are: build"));
  EXPECT_EQ(ran.status, 1);
}

TEST_F(Wrapper, FormatTouchesNothingThatIsNoCode) {
  write("clone/lab.yaml", "name:   lab\n");
  const Ran ran = sh("cd clone; ./lvslab format sim/a.cpp lab.yaml; echo \"= $?\"; cat lab.yaml");
  EXPECT_THAT(ran.output, HasSubstr("lab.yaml is no C++ file (.h, .cpp): nothing was done"));
  EXPECT_THAT(ran.output, HasSubstr("= 2\nname:   lab\n"));
}

TEST_F(Wrapper, NoBuildWithoutAProgramSaysSo) {
  const Ran ran = sh("LVSLAB_NO_BUILD=1 clone/lvslab list");
  EXPECT_THAT(ran.output, HasSubstr("was never built"));
  EXPECT_EQ(ran.status, 1);
}

TEST_F(Wrapper, EveryKnobOfTheScriptIsInItsHelp) {
  const std::string script = read_file("lvslab");
  const std::string help = sh("clone/lvslab --wrapper-help").output;
  int knobs = 0;
  for (std::size_t at = script.find("LVSLAB_"); at != std::string::npos;
       at = script.find("LVSLAB_", at + 1)) {
    std::size_t end = at;
    while (end < script.size() && is_word(script[end])) ++end;
    EXPECT_THAT(help, HasSubstr(script.substr(at, end - at) + "="));
    ++knobs;
  }
  EXPECT_GT(knobs, 6);
}

}  // namespace
}  // namespace lvslab::rules
