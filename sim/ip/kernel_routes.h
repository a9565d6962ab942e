// The routes that the kernel itself adds and removes with addresses and devices.
// Source: net/ipv4/fib_frontend.c: fib_add_ifaddr(), fib_del_ifaddr(), fib_disable_ip().
#pragma once

#include "sim/ip/stack.h"

namespace lvslab::ip {

/// fib_add_ifaddr(): local /32; broadcast; the connected prefix, which on lo is a LOCAL route.
void add_routes_of_address(Step& step, Stack& stack, Ports& ports, const InAddr& addr);
/// NETDEV_UP: for every address of the device.
void add_routes_of_addresses(Step& step, Stack& stack, Ports& ports, IfIndex dev);
/// fib_del_ifaddr(): `addr` is no longer in the list; `primary` is whose address its routes prefer.
void delete_routes_of_address(Step& step, Stack& stack, const InAddr& addr, const InAddr& primary);
/// fib_sync_down_dev(): all routes out of the device; those of scope host only with `force`.
void remove_routes_of_down_device(Step& step, Stack& stack, IfIndex dev, bool force);
/// fib_sync_down_addr(): routes that prefer an address which is gone.
void remove_routes_of_source(Step& step, Stack& stack, Ipv4Addr gone);

}  // namespace lvslab::ip
