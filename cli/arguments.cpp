#include "cli/arguments.h"

#include <algorithm>
#include <charconv>

#include "cli/backends.h"
#include "sim/command/close_match.h"
#include "sim/scenario/units.h"

namespace lvslab::cli {
namespace {

constexpr const char* kFooterEn = R"(Examples:
  lvslab list                                    the scenarios that come with the program
  lvslab run dr-basic                            play one, print what a student would see
  lvslab run dr-basic --pcap dr.pcapng           and open it in Wireshark: wireshark dr.pcapng
  lvslab why dr-basic --packet 5                 the decisions behind one packet
  lvslab show dr-basic --host node01 conn        a table of a host, as the real tool lists it
  lvslab step dr-basic                           forth and back, event by event
  lvslab shell dr-basic client                   type commands on a host
Exit status: 0 fine, 1 an expectation failed, 2 bad input, 3 packet storm, 130 Ctrl-C.)";
constexpr const char* kFooterZh = R"(示例：
  lvslab list                                    列出自带的场景
  lvslab run dr-basic                            运行一个场景，打印学生会看到的内容
  lvslab run dr-basic --pcap dr.pcapng           同时写抓包文件，再用 Wireshark 打开
  lvslab why dr-basic --packet 5                 一个报文背后的全部决定
  lvslab show dr-basic --host node01 conn        主机上的一张表，格式与真实工具相同
  lvslab step dr-basic                           逐个事件前进、后退
  lvslab shell dr-basic client                   在主机上输入命令
退出状态：0 正常，1 有预期未满足，2 输入有误，3 报文风暴，130 Ctrl-C。)";

constexpr const char* kRunFooterEn = R"(Examples:
  lvslab run scenarios/dr-basic.yaml
  lvslab run dr-basic --lang zh --until 2.5s
  lvslab run dr-basic --pcap dr.pcapng           one capture, an interface block per host interface
  lvslab run dr-basic --pcap captures/           one .pcap per host interface
  lvslab run dr-basic --backend kernel           the same on a real Linux kernel
  lvslab run dr-basic --backend kernel --pcap - | wireshark -k -i -      live
  lvslab run dr-basic --trace jsonl | jq .kind   every record of the run, for machines
With --trace text or jsonl standard output holds the trace only; the summary goes to standard error.
A run is stopped (exit 3) when one frame passes the switches more than 1000 times each, or when a host
receives more than 500000 frames within one simulated second. A command that takes more than one
simulated hour is interrupted.)";
constexpr const char* kRunFooterZh = R"(示例：
  lvslab run scenarios/dr-basic.yaml
  lvslab run dr-basic --lang zh --until 2.5s
  lvslab run dr-basic --pcap dr.pcapng           一个抓包文件，每个主机接口一个接口块
  lvslab run dr-basic --pcap captures/           每个主机接口一个 .pcap 文件
  lvslab run dr-basic --backend kernel           在真实的 Linux 内核上运行
  lvslab run dr-basic --backend kernel --pcap - | wireshark -k -i -      实时查看
  lvslab run dr-basic --trace jsonl | jq .kind   运行的每条记录，供程序读取
使用 --trace text 或 jsonl 时，标准输出只有记录，总结写到标准错误。
同一个帧在每台交换机上经过超过 1000 次，或一台主机在模拟的一秒内收到超过 500000 个帧时，运行会被
终止（退出状态 3）。模拟时间超过一小时的命令会被中断。)";

std::string check_time(const std::string& text) {
  const auto time = scenario::parse_duration(text);
  if (time) return {};
  return time.error().message + (time.error().hint.empty() ? "" : " (" + time.error().hint + ")");
}

std::string check_number(const std::string& text) {
  std::uint64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [parsed, error] = std::from_chars(text.data(), end, number);
  if (error == std::errc::result_out_of_range) return fmt::format("'{}' is too large", text);
  if (error != std::errc{} || parsed != end) return fmt::format("'{}' is no number", text);
  return {};
}

class Declaration {
 public:
  Declaration(CLI::App& app, Arguments& arguments, Language language)
      : app_(app), a_(arguments), zh_(language == Language::kZh) {}

  void run();
  void check_and_list();
  void step_and_shell();
  void why_and_show();
  void export_and_bench();
  void everything();

 private:
  std::string say(const char* en, const char* zh) const { return zh_ ? zh : en; }
  CLI::App* subcommand(const char* name, const char* en, const char* zh) {
    return app_.add_subcommand(name, say(en, zh));
  }
  void file(CLI::App& sub, std::string& to) const {
    sub.add_option("FILE", to,
                   say("scenario file, or the name of a shipped one", "场景文件，或自带场景的名字"))
        ->required();
  }

  void backend(CLI::App& sub, std::string& to) const {
    sub.add_option("--backend", to,
                   say("sim (default); kernel: a real Linux kernel, booted as a process; "
                       "kernel:native: this machine's own",
                       "sim（默认）；kernel：作为进程启动的真实 Linux 内核；"
                       "kernel:native：本机自己的内核"))
        ->check(CLI::IsMember(backend_names()));
  }

  CLI::App& app_;
  Arguments& a_;
  bool zh_;
};

void Declaration::run() {
  CLI::App* sub = subcommand("run", "play a scenario, print it, check its expectations",
                             "运行场景，打印过程，检查预期");
  file(*sub, a_.run.file);
  backend(*sub, a_.run.backend);
  sub->add_option("--pcap", a_.run.pcap,
                  say("write captures: FILE.pcapng, or DIR/ (made if needed); -: pcapng to "
                      "standard output as "
                      "it happens",
                      "写抓包：FILE.pcapng，或 DIR/（没有则创建）；-：随时把 pcapng 写到标准输出"))
      ->type_name("PATH");
  sub->add_option("--trace", a_.run.trace,
                  say("print every record: text, jsonl (none: the story)",
                      "打印每条记录：text 或 jsonl（none：只讲过程）"))
      ->check(CLI::IsMember({"text", "jsonl", "none"}));
  sub->add_option("--until", a_.until,
                  say("end at this simulated time, as 2.5s", "在此模拟时刻结束，例如 2.5s"))
      ->type_name("TIME")
      ->check(check_time);
  sub->add_option("--seed", a_.seed,
                  say("seed of all chance, in place of the file's", "随机种子，代替文件里的"))
      ->type_name("N")
      ->check(check_number);
  sub->footer(say(kRunFooterEn, kRunFooterZh));
}

void Declaration::check_and_list() {
  CLI::App* check =
      subcommand("check", "list all that is wrong with scenario files", "列出场景文件中的全部错误");
  check->add_option("FILE", a_.check.files, say("scenario files", "场景文件"))->required();
  check->add_flag("--json", a_.check.json,
                  say("one JSON object per finding", "每条结果一个 JSON 对象"));
  check->footer(say("Example:\n  lvslab check my-lab.yaml && lvslab run my-lab.yaml",
                    "示例：\n  lvslab check my-lab.yaml && lvslab run my-lab.yaml"));
  CLI::App* list =
      subcommand("list", "the shipped scenarios and their titles", "自带的场景及其标题");
  list->add_flag("--json", a_.json, say("one JSON object per scenario", "每个场景一个 JSON 对象"));
  list->footer(say("LVSLAB_SCENARIOS=DIR lists (and finds by name) those of another directory.",
                   "LVSLAB_SCENARIOS=DIR：改为列出（并按名字查找）另一个目录里的场景。"));
}

void Declaration::step_and_shell() {
  CLI::App* step =
      subcommand("step", "step through a scenario, forth and back", "逐步运行场景，可前进可后退");
  file(*step, a_.step_file);
  step->footer(
      say("Commands inside: next, back, why, show, type, run, goto, save, help, quit.\n"
          "Example:\n  printf 'next decision\\nwhy\\n' | lvslab step dr-basic",
          "其中的命令：next、back、why、show、type、run、goto、save、help、quit。\n"
          "示例：\n  printf 'next decision\\nwhy\\n' | lvslab step dr-basic"));
  CLI::App* shell = subcommand("shell", "type commands on a host of a running lab",
                               "在运行中的实验环境的主机上输入命令");
  file(*shell, a_.shell.file);
  shell->add_option("HOST", a_.shell.host, say("the host to type on", "在哪台主机上输入"))
      ->required();
  shell
      ->add_option("--at", a_.at,
                   say("begin at this simulated time; the timeline goes on meanwhile "
                       "(default: after its end)",
                       "从此模拟时刻开始，时间线同时继续（默认：时间线结束之后）"))
      ->type_name("TIME")
      ->check(check_time);
  backend(*shell, a_.shell.backend);
  shell->add_flag("--fast", a_.shell.fast,
                  say("do not wait in real time for what takes simulated time (the default if "
                      "standard input is no terminal)",
                      "不为模拟时间等待真实时间（标准输入不是终端时默认如此）"));
  shell
      ->add_option("--save", a_.shell.save,
                   say("at the end, write the scenario with what was typed",
                       "结束时把输入过的命令连同场景写入文件"))
      ->type_name("PATH");
  shell->footer(
      say("Ctrl-C interrupts the command, Ctrl-D or `exit` leaves.\n"
          "Example:\n  lvslab shell dr-basic client",
          "Ctrl-C 中断命令，Ctrl-D 或 exit 退出。\n"
          "示例：\n  lvslab shell dr-basic client"));
}

void Declaration::why_and_show() {
  CLI::App* why = subcommand("why", "the decisions behind a packet, to its root",
                             "一个报文背后的全部决定，直到根源");
  file(*why, a_.why.file);
  CLI::Option* packet =
      why->add_option("--packet", a_.packet,
                      say("number of the packet, as `run --trace text` and the captures count",
                          "报文编号，与 run --trace text 及抓包文件一致"))
          ->type_name("N")
          ->check(check_number);
  CLI::Option* at = why->add_option("--at", a_.at,
                                    say("what --host did last at this simulated time",
                                        "--host 在此模拟时刻刚做的事"))
                        ->type_name("TIME");
  at->check(check_time)->excludes(packet);
  why->add_option("--host", a_.why.host, say("with --at", "与 --at 一起使用"))
      ->type_name("HOST")
      ->excludes(packet);
  why->footer(
      say("Examples:\n  lvslab why dr-basic --packet 5\n"
          "  lvslab why dr-basic --at 2.5s --host node01",
          "示例：\n  lvslab why dr-basic --packet 5\n"
          "  lvslab why dr-basic --at 2.5s --host node01"));
  CLI::App* show = subcommand("show", "a table of a host, as the real tool lists it",
                              "主机上的一张表，格式与真实工具相同");
  file(*show, a_.show.file);
  show->add_option("TABLE", a_.show.table,
                   say("arp, route, local-route, addr, link, rule, ipvs, conn, socket or sysctl",
                       "arp、route、local-route、addr、link、rule、ipvs、conn、socket 或 sysctl"))
      ->required();
  show->add_option("--host", a_.show.host, say("whose table", "哪台主机"))
      ->type_name("HOST")
      ->required();
  backend(*show, a_.show.backend);
  show->add_option("--at", a_.at,
                   say("simulated time (default: the end)", "模拟时刻（默认：结束时）"))
      ->type_name("TIME")
      ->check(check_time);
  show->footer(say("Example:\n  lvslab show dr-basic --at 3s --host client arp",
                   "示例：\n  lvslab show dr-basic --at 3s --host client arp"));
}

void Declaration::export_and_bench() {
  CLI::App* exported = subcommand("export", "a scenario in other forms", "把场景转成其他形式");
  file(*exported, a_.exported.file);
  exported
      ->add_option("--format", a_.exported.format,
                   say("yaml: the scenario, written canonically; dot: its drawing for Graphviz; "
                       "json: hosts, cables and places in the drawing; jsonl: the records of a run",
                       "yaml：规范写法的场景；dot：给 Graphviz 的图；json：主机、网线和图中位置；"
                       "jsonl：一次运行的记录"))
      ->check(CLI::IsMember({"yaml", "dot", "json", "jsonl"}));
  backend(*exported, a_.exported.backend);
  exported
      ->add_option("-o,--output", a_.exported.output,
                   say("file (default: standard output)", "输出文件（默认：标准输出）"))
      ->type_name("PATH");
  exported
      ->add_option(
          "--pcap", a_.exported.pcap,
          say("captures of a run: FILE.pcapng or DIR/", "一次运行的抓包：FILE.pcapng 或 DIR/"))
      ->type_name("PATH");
  exported->footer(
      say("Examples:\n  lvslab export dr-basic --format dot | dot -Tsvg > dr.svg\n"
          "  lvslab export dr-basic --pcap captures/",
          "示例：\n  lvslab export dr-basic --format dot | dot -Tsvg > dr.svg\n"
          "  lvslab export dr-basic --pcap captures/"));
  CLI::App* bench =
      subcommand("bench", "measure the simulator on this machine", "在本机上测量模拟器的速度");
  bench
      ->add_option("GROUP", a_.bench.groups,
                   say("web bulk udp queue hosts memory trace (default: all)",
                       "web bulk udp queue hosts memory trace（默认：全部）"))
      ->check(CLI::IsMember({"web", "bulk", "udp", "queue", "hosts", "memory", "trace"}));
  bench->add_flag("--json", a_.bench.json,
                  say("one JSON object per figure", "每个数字一个 JSON 对象"));
  bench->add_flag("--quick", a_.bench.quick, say("a tenth of the work", "只做十分之一的工作量"));
  bench->footer(
      say("Example:\n  lvslab bench web udp --json", "示例：\n  lvslab bench web udp --json"));
}

void Declaration::everything() {
  if (zh_) {  // the library's own words
    const auto words = app_.get_formatter();
    words->label("Usage", "用法");
    words->label("OPTIONS", "选项");
    words->label("SUBCOMMAND", "子命令");
    words->label("Positionals", "参数");
    words->label("REQUIRED", "（必需）");
    words->label("Excludes", "不能同时用");
    app_.option_defaults()->group("选项");
  }
  app_.set_help_flag("-h,--help", say("print this help and exit", "打印本帮助并退出"));
  app_.set_version_flag("--version", "lvslab " LVSLAB_VERSION,
                        say("print the version and exit", "打印版本并退出"));
  app_.require_subcommand(1);
  app_.fallthrough();
  app_.add_option("--lang", a_.lang,
                  say("language of texts (default: by LANG)", "文字的语言（默认：由 LANG 决定）"))
      ->check(CLI::IsMember({"en", "zh"}));
  app_.add_option("--color", a_.color,
                  say("colours: auto (on a terminal), always, never",
                      "颜色：auto（仅在终端上）、always、never"))
      ->check(CLI::IsMember({"auto", "always", "never"}));
  app_.footer(say(kFooterEn, kFooterZh));
  run();
  check_and_list();
  step_and_shell();
  why_and_show();
  export_and_bench();
  if (!zh_) return;
  for (CLI::App* sub : app_.get_subcommands([](const CLI::App*) { return true; })) {
    sub->group("子命令");
    sub->get_help_ptr()->group("选项");
  }
}

// --- mistakes
// -------------------------------------------------------------------------------------

/// The first word that is neither an option nor the value of one of the options before it.
std::string first_word(const CLI::App& app, int argc, const char* const* argv) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (!word.starts_with('-')) return std::string(word);
    const CLI::Option* option = app.get_option_no_throw(std::string(word));
    if (option != nullptr && option->get_items_expected_max() > 0) ++i;
  }
  return {};
}

const CLI::App* subcommand_of(const CLI::App& app, const std::string& name) {
  for (const CLI::App* sub : app.get_subcommands([](const CLI::App*) { return true; })) {
    if (sub->get_name() == name) return sub;
  }
  return nullptr;
}

std::string nearest(const std::string& word, const std::vector<std::string>& candidates) {
  return std::string(command::close_match(word, std::span<const std::string>(candidates)));
}

std::vector<std::string> subcommand_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* sub : app.get_subcommands([](const CLI::App*) { return true; })) {
    names.push_back(sub->get_name());
  }
  return names;
}

/// Long names of the options that may stand with `sub`.
std::vector<std::string> option_names(const CLI::App& app, const CLI::App& sub) {
  std::vector<std::string> names;
  for (const CLI::App* of : {&sub, &app}) {
    for (const CLI::Option* option : of->get_options()) {
      for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
    }
  }
  return names;
}

Error unknown_option(const CLI::App& app, const CLI::App& sub, const std::string& word) {
  const std::string name = word.substr(0, word.find('='));
  const std::string close = nearest(name, option_names(app, sub));
  return {fmt::format("{} has no option '{}'", sub.get_name(), name),
          {},
          close.empty() ? "" : fmt::format("did you mean '{}'?", close)};
}

Error explain(const CLI::App& app, int argc, const char* const* argv,
              const CLI::ParseError& error) {
  const std::string word = first_word(app, argc, argv);
  const CLI::App* sub = subcommand_of(app, word);
  if (sub == nullptr && !word.empty()) {
    const std::string close = nearest(word, subcommand_names(app));
    return {fmt::format("there is no subcommand '{}'", word),
            {},
            close.empty() ? fmt::format("one of: {}", fmt::join(subcommand_names(app), ", "))
                          : fmt::format("did you mean '{}'?", close)};
  }
  if (sub == nullptr) {
    const bool nothing = dynamic_cast<const CLI::RequiredError*>(&error) != nullptr;
    return {nothing ? "which subcommand?" : error.what(), {}, "lvslab --help lists them"};
  }
  if (dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr) {
    const std::vector<std::string> known = option_names(app, *sub);
    for (int i = 1; i < argc; ++i) {
      const std::string argument = argv[i];
      const std::string name = argument.substr(0, argument.find('='));
      if (name.starts_with("--") && name.size() > 2 &&
          std::ranges::find(known, name) == known.end()) {
        return unknown_option(app, *sub, argument);
      }
    }
  }
  std::string message = error.what();
  if (dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr) {
    // "The following arguments were not expected: a b"
    message = fmt::format("too much: {}", message.substr(message.find(": ") + 2));
  } else if (dynamic_cast<const CLI::ConversionError*>(&error) != nullptr) {
    // "Could not convert: --seed = abc"
    constexpr std::string_view kHead = "Could not convert: ";
    const std::size_t equals = message.find(" = ");
    if (message.starts_with(kHead) && equals != std::string::npos) {
      message = fmt::format("{}: '{}' is no number that fits here",
                            message.substr(kHead.size(), equals - kHead.size()),
                            message.substr(equals + 3));
    }
  }
  return {fmt::format("{}: {}", sub->get_name(), message),
          {},
          fmt::format("lvslab {} --help", sub->get_name())};
}

}  // namespace

void declare_arguments(CLI::App& app, Arguments& arguments, Language language) {
  Declaration(app, arguments, language).everything();
}

std::string language_argument(int argc, const char* const* argv) {
  constexpr std::string_view kOption = "--lang";
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == kOption && i + 1 < argc) return argv[i + 1];
    if (word.starts_with(kOption) && word.substr(kOption.size()).starts_with('=')) {
      return std::string(word.substr(kOption.size() + 1));
    }
  }
  return {};
}

void complain_of_arguments(const CLI::App& app, int argc, const char* const* argv,
                           const CLI::ParseError& error) {
  complain(explain(app, argc, argv, error));
}

}  // namespace lvslab::cli
