// Where the sysctls of a host are kept and what they are after boot: for conf.cpp, sysctl.cpp and
// the commands that add devices, labels and rules. Everyone else reads through conf.h.
#pragma once

#include "sim/ip/conf.h"

namespace lvslab::ip {

const DevConf& default_conf(bool loopback);
const DevConf& default_all_conf();
const NeighConf& default_neigh_conf();
/// The stored settings, made from the defaults if there were none, with one DevConf per device.
Settings& settings_of(Stack& stack);
/// inetdev_init(): a new device starts with conf/default.
void add_device_conf(Settings& settings, bool loopback);

}  // namespace lvslab::ip
