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
  lvslab modes dr-basic                          NAT, DR and TUN side by side
Exit status: 0 fine, 1 an expectation failed, 2 bad input, 3 packet storm, 130 Ctrl-C.)";
constexpr const char* kFooterZh = R"(示例：
  lvslab list                                    列出自带的场景
  lvslab run dr-basic                            运行一个场景，打印学生会看到的内容
  lvslab run dr-basic --pcap dr.pcapng           同时写抓包文件，再用 Wireshark 打开
  lvslab why dr-basic --packet 5                 一个报文背后的全部决定
  lvslab show dr-basic --host node01 conn        主机上的一张表，格式与真实工具相同
  lvslab step dr-basic                           逐个事件前进、后退
  lvslab shell dr-basic client                   在主机上输入命令
  lvslab modes dr-basic                          并排比较 NAT、DR、TUN
退出状态：0 正常，1 有预期未满足，2 输入有误，3 报文风暴，130 Ctrl-C。)";

constexpr const char* kRunFooterEn = R"(Examples:
  lvslab run scenarios/dr-basic.yaml
  lvslab run dr-basic --lang zh --until 2.5s
  lvslab run dr-basic --pcap dr.pcapng           one capture, an interface block per host interface
  lvslab run dr-basic --pcap captures/           one .pcap per host interface
  lvslab run dr-basic --backend kernel           the same on a real Linux kernel
  lvslab run dr-basic --backend kernel --pcap - | wireshark -k -i -      live
  lvslab run dr-basic --trace jsonl > dr.jsonl   every record, for jq and for lvslab gui dr.jsonl
With --trace text or jsonl standard output holds the trace only; the summary goes to standard error.
A run is stopped (exit 3) when one frame passes the switches more than 1000 times each, or when a host
receives more than 500000 frames within one simulated second. A command that takes more than one
simulated hour is interrupted.)";
constexpr const char* kRunFooterZh = R"(示例：
  lvslab run scenarios/dr-basic.yaml
  lvslab run dr-basic --lang zh --until 2.5s
  lvslab run dr-basic --pcap dr.pcapng           一个抓包文件，每个主机接口一个接口块
  lvslab run dr-basic --pcap captures/           每个主机接口一个 .pcap 文件
  lvslab run dr-basic --backend kernel           同一场景，在真实的 Linux 内核上
  lvslab run dr-basic --backend kernel --pcap - | wireshark -k -i -      实时查看
  lvslab run dr-basic --trace jsonl > dr.jsonl   每条记录，可用 jq 读取，也可用 lvslab gui dr.jsonl 重放
使用 --trace text 或 jsonl 时，标准输出只有记录，总结写到标准错误。
同一个帧在每台交换机上经过超过 1000 次，或一台主机在模拟的一秒内收到超过 500000 个帧时，运行会被
终止（退出状态 3）。模拟时间超过一小时的命令会被中断。)";

constexpr const char* kBenchFooterEn = R"(Groups:
  web     A: 100 clients, a DR director, 4 servers on a switch; 400-byte responses
  bulk    B: the same with 10 clients and 1 MiB responses
  udp     C: one flow of 64-byte datagrams through a router
  queue   Q: taking an event and scheduling another, with 10 to 1,000,000 pending
  hosts   S: building 10 to 10,000 hosts, and the web workload on them
  memory  M: a million connections open at once; an idle host
  trace   T: the web workload with the trace off, on, and written as a capture
  lesson  L: `lvslab run dr-basic` as a process of its own
Example:
  lvslab bench web udp --json)";
constexpr const char* kBenchFooterZh = R"(各组：
  web     A：100 个客户端，一个 DR 负载均衡器，4 台服务器，经交换机；响应 400 字节
  bulk    B：同上，10 个客户端，响应 1 MiB
  udp     C：一条 64 字节数据报的流，经过路由器
  queue   Q：取出一个事件并安排下一个，待处理事件 10 到 1000000 个
  hosts   S：建立 10 到 10000 台主机，并在其上运行 web 负载
  memory  M：同时打开一百万个连接；一台空闲主机
  trace   T：web 负载，分别为不记录、记录、写成抓包
  lesson  L：作为独立进程运行 lvslab run dr-basic
示例：
  lvslab bench web udp --json)";

/// What is wrong with a quantity, in the words that CLI11 wants; empty if nothing is.
template <class T>
std::string complaint(const std::expected<T, scenario::UnitError>& parsed) {
  if (parsed) return {};
  const auto& [message, hint] = parsed.error();
  return message + (hint.empty() ? "" : " (" + hint + ")");
}

std::string check_time(const std::string& text) {
  return complaint(scenario::parse_duration(text));
}
std::string check_rate(const std::string& text) { return complaint(scenario::parse_rate(text)); }

std::string check_number(const std::string& text) {
  std::uint64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [parsed, error] = std::from_chars(text.data(), end, number);
  if (error == std::errc::result_out_of_range) return fmt::format("'{}' is too large", text);
  if (error != std::errc{} || parsed != end) return fmt::format("'{}' is no number", text);
  return {};
}

constexpr const char* kFuzzFooterEn =
    R"(A lab that differs is made as small as it can be while it shows the same kind of difference, and
written to DIR/fuzz-SEED-INDEX.yaml (fuzz-keepalived-SEED-INDEX.yaml). Labs are the same for the same seed and index, whatever the count.
Examples:
  lvslab fuzz-compare --seed 1 --count 200
  lvslab fuzz-compare --labs keepalived --seed 1 --count 60
  lvslab fuzz-compare --seed 1 --start 17 --count 1 --draw && lvslab run fuzz-1-17.yaml
Exit status: 0 no lab differs, 1 some do, 2 a lab could not be played.)";
constexpr const char* kFuzzFooterZh =
    R"(不一致的实验会被缩到最小（仍表现出同一类不一致），并写入 DIR/fuzz-SEED-INDEX.yaml（或 fuzz-keepalived-SEED-INDEX.yaml）。
种子和序号相同，实验就相同，与数量无关。
示例：
  lvslab fuzz-compare --seed 1 --count 200
  lvslab fuzz-compare --labs keepalived --seed 1 --count 60
  lvslab fuzz-compare --seed 1 --start 17 --count 1 --draw && lvslab run fuzz-1-17.yaml
退出状态：0 全部一致，1 有不一致，2 有实验无法运行。)";

constexpr const char* kModesFooterEn =
    R"(Who balances what for whom is taken from the scenario; each mode gets a set-up of its own on the
scenario's drawing, and a load that doubles until it brings no more.
Examples:
  lvslab modes dr-basic
  lvslab modes dr-basic --bytes 400              small answers: is the director the bottleneck, too?
  lvslab modes nat-basic                         why the other modes fail behind the director
  lvslab modes dr-basic --json | jq -c '[.mode, .concurrency, .requests_per_s]'
Exit status: 0 a mode works, 1 none does, 2 bad input.)";
constexpr const char* kModesFooterZh =
    R"(由谁、为谁、均衡什么，都取自场景；每种模式在同一拓扑上各有一套配置，负载逐次加倍，直到不再有收益。
示例：
  lvslab modes dr-basic
  lvslab modes dr-basic --bytes 400              应答很小时，负载均衡器还是瓶颈吗？
  lvslab modes nat-basic                         服务器在负载均衡器之后时，其他模式为何不通
  lvslab modes dr-basic --json | jq -c '[.mode, .concurrency, .requests_per_s]'
退出状态：0 至少一种模式可用，1 都不可用，2 输入有误。)";

class Declaration {
 public:
  Declaration(CLI::App& app, Arguments& arguments, Language language)
      : app_(app), a_(arguments), zh_(language == Language::kZh) {}

  void run();
  void check_and_list();
  void step_and_shell();
  void why_and_show();
  void export_and_bench();
  void compare();
  void modes();
  void fuzz_compare();
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
                      "standard output as it happens",
                      "写抓包：FILE.pcapng，或 DIR/（没有则创建）；-：pcapng 实时写到标准输出"))
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
  CLI::App* list = subcommand("list", "the shipped scenarios: name, difficulty, title",
                              "自带的场景：名字、难度、标题");
  list->add_flag("--json", a_.list.json,
                 say("one JSON object per scenario", "每个场景一个 JSON 对象"));
  list->add_option("--difficulty", a_.list.difficulty,
                   say("only those of this difficulty", "只列出此难度的场景"))
      ->check(CLI::IsMember({"beginner", "intermediate", "advanced"}));
  list->add_flag("--easiest-first", a_.list.easiest_first,
                 say("sort by difficulty, then by name", "先按难度、再按名字排序"));
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
                       "json: hosts, cables and places in the drawing; jsonl: a run with all its "
                       "records, for programs and for lvslab gui",
                       "yaml：规范写法的场景；dot：给 Graphviz 的图；json：主机、网线和图中位置；"
                       "jsonl：一次运行及其全部记录，供程序读取，也可用 lvslab gui 重放"))
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
  exported
      ->add_option("--report", a_.exported.report,
                   say("a run as one HTML file: drawing, time line, expectations, packets, reasons",
                       "一次运行的 HTML 报告（单个文件）：拓扑、时间线、预期、报文、原因"))
      ->type_name("FILE.html");
  exported->footer(
      say("Examples:\n  lvslab export dr-basic --format dot | dot -Tsvg > dr.svg\n"
          "  lvslab export dr-basic --pcap captures/\n"
          "  lvslab export dr-basic --report dr-basic.html",
          "示例：\n  lvslab export dr-basic --format dot | dot -Tsvg > dr.svg\n"
          "  lvslab export dr-basic --pcap captures/\n"
          "  lvslab export dr-basic --report dr-basic.html"));
  CLI::App* bench =
      subcommand("bench", "measure the simulator on this machine", "在本机上测量模拟器的速度");
  bench
      ->add_option("GROUP", a_.bench.groups,
                   say("what to measure (default: all)", "测量什么（默认：全部）"))
      ->check(CLI::IsMember({"web", "bulk", "udp", "queue", "hosts", "memory", "trace", "lesson"}));
  bench->add_flag("--json", a_.bench.json,
                  say("one JSON object per figure", "每个数字一个 JSON 对象"));
  bench->add_flag("--quick", a_.bench.quick, say("a tenth of the work", "只做十分之一的工作量"));
  bench->footer(say(kBenchFooterEn, kBenchFooterZh));
}

void Declaration::compare() {
  CLI::App* sub = subcommand("compare", "play scenarios in the simulator and on a real kernel",
                             "在模拟器和真实内核上运行场景，并逐项比较");
  sub->add_option("FILE", a_.compare.files, say("scenarios", "场景"))->required();
  sub->add_flag(
      "--json", a_.compare.json,
      say("one JSON object per interface and difference", "每个接口和每处不一致各一个 JSON 对象"));
  sub->add_option("--save", a_.compare.save,
                  say("keep both captures in this directory", "把两边的抓包保存到此目录"))
      ->type_name("DIR");
  sub->footer(say(
      "Frames are compared interface by interface, then what commands printed, then the tables.\n"
      "Exit status 0 means that nothing differs. docs/compare.md says what is normalised.\n"
      "Example:\n  lvslab compare dr-basic --save captures",
      "先逐接口比较帧，再比较命令输出，最后比较各张表。\n"
      "退出状态 0 表示完全一致。哪些内容经过归一化，见 docs/compare.md。\n"
      "示例：\n  lvslab compare dr-basic --save captures"));
}

void Declaration::modes() {
  CLI::App* sub = subcommand("modes", "one workload by NAT, DR and TUN, side by side",
                             "同一负载分别用 NAT、DR、TUN 转发，并排比较");
  file(*sub, a_.modes.file);
  sub->add_option("--rate", a_.rate,
                  say("of NICs of director and servers that have none (default: 100Mbps)",
                      "负载均衡器和服务器网卡的速率，场景未规定时使用（默认：100Mbps）"))
      ->type_name("RATE")
      ->check(check_rate);
  sub->add_option("--bytes", a_.modes.response_bytes,
                  say("size of an answer (default: 10000)", "应答的大小（默认：10000）"))
      ->type_name("N")
      ->check(check_number)
      ->check(CLI::Range(1U, 10'000'000U));
  sub->add_option("--requests", a_.modes.requests,
                  say("at each load (default: 1000)", "每级负载的请求数（默认：1000）"))
      ->type_name("N")
      ->check(check_number)
      ->check(CLI::Range(1U, 20'000U));
  sub->add_flag("--json", a_.modes.json,
                say("one JSON object per mode and load", "每种模式的每级负载一个 JSON 对象"));
  sub->footer(say(kModesFooterEn, kModesFooterZh));
}

void Declaration::fuzz_compare() {
  cli::FuzzOptions& fuzz = a_.fuzz;
  CLI::App* sub = subcommand(
      "fuzz-compare", "random small labs on the simulator and on a real kernel: do they agree?",
      "随机生成小实验，看模拟器与真实内核是否一致");
  const auto number = [&](const char* name, auto& to, const char* en, const char* zh) {
    return sub->add_option(name, to, say(en, zh))->type_name("N")->check(check_number);
  };
  sub->add_option(
         "--labs", fuzz.labs,
         say("mixed (default): addresses, routes, ARP, IPVS, iptables; keepalived: clusters of "
             "directors and what befalls them",
             "mixed（默认）：地址、路由、ARP、IPVS、iptables；keepalived：负载均衡器集群及其故障"))
      ->check(CLI::IsMember({"mixed", "keepalived"}));
  number("--seed", fuzz.seed, "draws other labs (default: 1)", "换一批实验（默认：1）");
  number("--count", fuzz.count, "how many labs (default: 100)", "实验数量（默认：100）")
      ->check(CLI::Range(1U, 1'000'000'000U));
  number("--start", fuzz.start, "index of the first (default: 0)", "第一个的序号（默认：0）");
  number("--jobs", fuzz.jobs, "how many kernels at once (default: one per processor)",
         "同时运行几个内核（默认：每个处理器一个）")
      ->check(CLI::Range(1U, 64U));
  sub->add_option("--keep", fuzz.keep,
                  say("where labs that differ are written (default: here; made if needed)",
                      "不一致的实验写到哪里（默认：当前目录；没有则创建）"))
      ->type_name("DIR");
  sub->add_option("--backend", fuzz.backend,
                  say("what the simulator is held against", "与模拟器比较的对象"))
      ->check(CLI::IsMember({"sim", "kernel"}));  // time is real on kernel:native
  sub->add_flag("--no-shrink", fuzz.no_shrink,
                say("write differing labs as they were drawn", "不一致的实验原样写出，不缩小"));
  sub->add_flag("--draw", fuzz.draw,
                say("write all labs, and compare nothing", "写出所有实验，不作比较"));
  sub->add_flag("--json", fuzz.json,
                say("one JSON object per lab, and a last one for all",
                    "每个实验一个 JSON 对象，最后一个是总结"));
  sub->footer(say(kFuzzFooterEn, kFuzzFooterZh));
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
  compare();
  modes();
  export_and_bench();
  fuzz_compare();
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
