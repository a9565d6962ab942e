#include "sim/scenario/keys.h"

#include <algorithm>
#include <array>

#include "sim/scenario/names.h"

namespace lvslab::scenario {
namespace {

using enum ValueKind;
constexpr std::int64_t kMany = 1'000'000'000'000;

constexpr std::array kLink = {
    KeySpec("delay", kDuration, "one-way delay of the cable (default `100us`)"),
    KeySpec("jitter", kDuration, "each frame may take up to this much longer (default `0`)"),
    KeySpec("rate", kRate, "bits per second, as `100Mbps` (default: no limit)"),
    KeySpec("loss", kShare, "share of frames lost by chance, as `0.5%` (default `0`)"),
    KeySpec("duplicate", kShare, "share of frames that arrive twice (default `0`)"),
    KeySpec("mtu", kInteger, "MTU of the NIC in bytes (default `1500`)").within(68, 65'535),
};

constexpr std::array kSwitch = {
    KeySpec("name", kString, "the switch's name, unique among switches and hosts").must(),
    KeySpec("link", kObject, "what its cables are like, unless a NIC says otherwise").of(kLinkKeys),
    KeySpec("uplinks", kStrings, "other switches that a cable goes to; say it at one end only"),
};

constexpr std::array kOneNic = {
    KeySpec("name", kString, "`eth0`, `eth1` … (default: `eth` and its place in the list)"),
    KeySpec("mac", kMac,
            "MAC address (default `02:00:00:00:HH:NN`: HH counts the hosts of the file from 1, NN "
            "the NICs of the host from 0, both in hexadecimal)"),
    KeySpec("addresses", kPrefixes, "addresses with prefix length, as `192.168.80.10/24`"),
    KeySpec(
        "addresses6", kPrefixes6,
        "IPv6 addresses with prefix length, as `2001:db8::10/64`; one of them anywhere switches "
        "IPv6 on at all hosts of the lab"),
    KeySpec("switch", kString, "the switch that its cable goes to"),
    KeySpec("peer", kNic, "or the other NIC, `HOST/NIC`; saying it at one end is enough"),
    KeySpec("link", kObject, "what its cable is like").of(kLinkKeys),
};

constexpr std::array kRoute = {
    KeySpec("to", kPrefix, "where to: a prefix, or `default`").must(),
    KeySpec("via", kAddress, "the next host, in the subnet of one of the NICs"),
    KeySpec("dev", kString, "the NIC; without `via`, the route is on-link"),
};

constexpr std::array kRoute6 = {
    KeySpec("to", kPrefix6, "where to: a prefix, or `default`").must(),
    KeySpec("via", kAddress6, "the next host; a link-local address needs `dev` beside it"),
    KeySpec("dev", kString, "the NIC; without `via`, the route is on-link"),
};

constexpr std::array kHost = {
    KeySpec("name", kString, "the host's name; every host can use it instead of an address").must(),
    KeySpec(
        "role", kWord,
        "what it is for; a `router` starts with `net.ipv4.ip_forward=1` (and, where IPv6 is used, "
        "`net.ipv6.conf.all.forwarding=1`)")
        .one_of(kRoleNames),
    KeySpec("nics", kObjects, "its network interfaces, besides `lo`").of(kNicKeys),
    KeySpec("gateway", kAddress, "short for a default route"),
    KeySpec("routes", kObjects, "further routes of the table main").of(kRouteKeys),
    KeySpec("gateway6", kAddress6, "short for an IPv6 default route"),
    KeySpec("routes6", kObjects, "further IPv6 routes").of(kRoute6Keys),
    KeySpec("sysctls", kSettings, "`net.ipv4.ip_forward: 1` and the like, set before the set-up"),
    KeySpec("files", kSettings, "absolute path → content, there before the set-up"),
    KeySpec("setup", kLines, "commands typed before the timeline starts, one after the other"),
};

constexpr std::array kOutput = {
    KeySpec("status", kInteger, "exit status of the last command").within(0, 255),
    KeySpec("output", kString, "the whole output, exactly (a final line break aside)"),
    KeySpec("output-has", kStrings, "each of these stands in a line of the output"),
    KeySpec("output-lacks", kStrings, "none of these does"),
    KeySpec("output-matches", kString, "a regular expression (ECMAScript) that matches in a line"),
    KeySpec("lines", kInteger, "the number of lines").within(0, kMany),
    KeySpec("why", kText, "printed if it fails"),
};

constexpr std::array<std::string_view, 2> kItemActions = {"run", "fault"};
constexpr std::array kItem = {
    KeySpec("at", kDuration, "not before this time, counted from the start of the scenario"),
    KeySpec("after", kDuration, "this much after the item before has finished"),
    KeySpec("note", kText, "what to look at, shown when the item starts"),
    KeySpec("on", kString, "the host to type on (with `run`)"),
    KeySpec("run", kLines, "what is typed: a line, a block of lines, or a list"),
    KeySpec("background", kBool, "`true`: the next item does not wait for this one (with `run`)"),
    KeySpec("expect", kObject, "what the commands should print (with `run`)").of(kOutputKeys),
    KeySpec("fault", kWord, "what breaks, or is mended").one_of(kFaultNames),
    KeySpec("target", kTarget, "`HOST/NIC` for a cable, `HOST` for a host (with `fault`)"),
    KeySpec("share", kShare, "of frames lost or duplicated (with `loss`, `duplicate`)"),
    KeySpec("delay", kDuration, "the new one-way delay (with `delay`)"),
    KeySpec("jitter", kDuration, "the new jitter (with `delay`)"),
};

constexpr std::array kPackets = {
    KeySpec("at", kNic, "the interface, `HOST/NIC`; `HOST/lo` is one, too").must(),
    KeySpec("direction", kWord, "as the host sees it (default `any`)").one_of(kDirectionNames),
    KeySpec("filter", kString, "pcap-filter(7), as for tcpdump (default: every frame)"),
    KeySpec("count", kInteger, "exactly so many frames").within(0, kMany),
    KeySpec("at-least", kInteger, "no fewer").within(0, kMany),
    KeySpec("at-most", kInteger, "no more").within(0, kMany),
    KeySpec("from", kDuration, "count from this time on"),
    KeySpec("until", kDuration, "count up to this time"),
};

constexpr std::array kTable = {
    KeySpec("host", kString, "whose table").must(),
    KeySpec("table", kWord, "which one").must().one_of(kTableNames),
    KeySpec("at", kDuration, "the moment (default: the end of the run)"),
    KeySpec("has", kStrings, "each of these stands in a line of the listing"),
    KeySpec("lacks", kStrings, "none of these does"),
    KeySpec("lines", kInteger, "the number of lines, without the listing's head").within(0, kMany),
};

constexpr std::array kReason = {
    KeySpec("code", kString, "the name of the decision, as `lvslab why` prints it").must(),
    KeySpec("host", kString, "who decides (default: anybody)"),
    KeySpec("count", kInteger, "exactly so often").within(0, kMany),
    KeySpec("at-least", kInteger, "no less often").within(0, kMany),
    KeySpec("at-most", kInteger, "no more often").within(0, kMany),
};

constexpr std::array<std::string_view, 3> kChecks = {"packets", "table", "reason"};
constexpr std::array kExpect = {
    KeySpec("packets", kObject, "frames seen at an interface").of(kPacketsKeys),
    KeySpec("table", kObject, "what a table of a host holds").of(kTableKeys),
    KeySpec("reason", kObject, "a decision made").of(kReasonKeys),
    KeySpec("why", kText, "printed if it fails"),
};

constexpr std::array kIgnoredPackets = {
    KeySpec("at", kNic, "the interface, `HOST/NIC`; `HOST/lo` is one, too").must(),
    KeySpec("direction", kWord, "as the host sees it (default `any`)").one_of(kDirectionNames),
    KeySpec("filter", kString,
            "pcap-filter(7) for the frame of either side (default: every frame)"),
    KeySpec("field", kString,
            "only where nothing but this field differs, by the name that `compare` prints, as `TCP "
            "window` or `time`"),
};

constexpr std::array kIgnoredOutput = {
    KeySpec("on", kString, "the host").must(),
    KeySpec("line", kString, "a part of the line that was typed").must(),
    KeySpec("has", kString, "only lines of the output that it stands in (default: all)"),
};

constexpr std::array kIgnoredTable = {
    KeySpec("host", kString, "whose table").must(),
    KeySpec("table", kWord, "which one").must().one_of(kTableNames),
    KeySpec("has", kString, "only rows that it stands in (default: all)"),
};

constexpr std::array<std::string_view, 3> kIgnoredKinds = {"packets", "output", "table"};
constexpr std::array kIgnored = {
    KeySpec("packets", kObject, "frames at an interface").of(kIgnoredPacketsKeys),
    KeySpec("output", kObject, "lines that a command printed").of(kIgnoredOutputKeys),
    KeySpec("table", kObject, "rows of a table").of(kIgnoredTableKeys),
};

constexpr std::array kIgnore = {
    KeySpec("ignore", kObject, "what may differ").must().of(kIgnoredKeys),
    KeySpec("why", kText, "why it does, and why nothing is done about it").must(),
};

constexpr std::array kScenario = {
    KeySpec("name", kString, "short name (default: the file's, without `.yaml`)"),
    KeySpec("title", kText, "one line").must(),
    KeySpec("summary", kText, "what the lab shows, in a few sentences"),
    KeySpec("lesson", kText, "what to take away, told after the run"),
    KeySpec("difficulty", kWord,
            "how much one should know already (nothing, the basics of the topic, all of it)")
        .one_of(kDifficultyNames),
    KeySpec("seed", kInteger, "of everything left to chance (default `1`)").within(0, INT64_MAX),
    KeySpec("until", kDuration, "the run ends at this time, finished or not"),
    KeySpec("settle", kDuration,
            "without `until`: how long the run goes on after the last item has finished "
            "(default `1s`)"),
    KeySpec("switches", kObjects, "the switches").of(kSwitchKeys),
    KeySpec("hosts", kObjects, "the hosts, routers included").must().of(kHostKeys),
    KeySpec("timeline", kObjects, "what happens, in order").of(kItemKeys),
    KeySpec("expect", kObjects, "what should have been seen at the end").of(kExpectKeys),
    KeySpec("compare", kObjects, "what `lvslab compare` shall not look at").of(kIgnoreKeys),
};

}  // namespace

constinit const ObjectSpec kLinkKeys{"link", "a link", "What a cable is like.", kLink};
constinit const ObjectSpec kSwitchKeys{"switch", "a switch", "A switch that learns addresses.",
                                       kSwitch};
constinit const ObjectSpec kNicKeys{
    "nic", "a NIC", "A network interface. It has a `switch`, a `peer`, or no cable.", kOneNic};
constinit const ObjectSpec kRouteKeys{"route", "a route", "A route; `via`, `dev` or both.", kRoute};
constinit const ObjectSpec kRoute6Keys{"route6", "an IPv6 route",
                                       "An IPv6 route; `via`, `dev` or both.", kRoute6};
constinit const ObjectSpec kHostKeys{"host", "a host", "A Linux host.", kHost};
constinit const ObjectSpec kOutputKeys{"output", "an expectation of output",
                                       "What the commands of one item should print.", kOutput};
constinit const ObjectSpec kItemKeys{
    "item", "a timeline item", "One step: `on` a host `run` commands, or a `fault` at a `target`.",
    kItem, kItemActions};
constinit const ObjectSpec kPacketsKeys{"packets", "an expectation of packets",
                                        "Frames that pass an interface, counted.", kPackets};
constinit const ObjectSpec kTableKeys{"table", "an expectation of a table",
                                      "A listing of one host.", kTable};
constinit const ObjectSpec kReasonKeys{"reason", "an expectation of a reason",
                                       "Decisions, counted.", kReason};
constinit const ObjectSpec kExpectKeys{"expectation", "an expectation",
                                       "One of `packets`, `table`, `reason`.", kExpect, kChecks};
constinit const ObjectSpec kIgnoredPacketsKeys{"ignored-packets", "ignored packets",
                                               "Frames at an interface.", kIgnoredPackets};
constinit const ObjectSpec kIgnoredOutputKeys{"ignored-output", "an ignored output",
                                              "What a command printed.", kIgnoredOutput};
constinit const ObjectSpec kIgnoredTableKeys{"ignored-table", "an ignored table",
                                             "Rows of a table.", kIgnoredTable};
constinit const ObjectSpec kIgnoredKeys{
    "ignored", "what is ignored", "One of `packets`, `output`, `table`.", kIgnored, kIgnoredKinds};
constinit const ObjectSpec kIgnoreKeys{
    "comparison", "a known difference",
    "A difference between the simulator and a real kernel that is known.", kIgnore};
constinit const ObjectSpec kScenarioKeys{"scenario", "a scenario", "The whole file.", kScenario};

const KeySpec* ObjectSpec::find(std::string_view key) const {
  const auto found = std::ranges::find(keys, key, &KeySpec::name);
  return found == keys.end() ? nullptr : &*found;
}

std::span<const ObjectSpec* const> all_objects() {
  static constexpr std::array<const ObjectSpec*, 18> kAll = {
      &kScenarioKeys,       &kSwitchKeys,        &kLinkKeys,        &kHostKeys,   &kNicKeys,
      &kRouteKeys,          &kRoute6Keys,        &kItemKeys,        &kOutputKeys, &kExpectKeys,
      &kPacketsKeys,        &kTableKeys,         &kReasonKeys,      &kIgnoreKeys, &kIgnoredKeys,
      &kIgnoredPacketsKeys, &kIgnoredOutputKeys, &kIgnoredTableKeys};
  return kAll;
}

}  // namespace lvslab::scenario
