// A frame as a tree of named fields with their places in the bytes: what packet views and
// `lvslab step` show. Reads simulated and real captures alike, and says which checksums are right.
//
// Modelled: Ethernet, ARP, IPv4, IPv6, ICMP of both with the packet it quotes, neighbour discovery,
// UDP, TCP with options, SCTP with its chunks, the first line of HTTP. Other protocols are one
// field with their number; a reader for one more protocol is one row in a table of dissect.cpp.
#pragma once

#include <string>
#include <vector>

#include "sim/wire/bytes.h"

namespace lvslab {

struct Field {
  std::string name;
  std::string value;
  std::size_t offset = 0;  ///< first byte, counted from the start of the frame
  std::size_t length = 0;  ///< bytes; 0 for what is not there
  int depth = 0;  ///< 0: a protocol; its fields 1; parts of fields 2; quoted packets deeper
  bool operator==(const Field&) const = default;
};

/// Fields in the order of the bytes; a protocol's field comes before and covers its parts. What
/// breaks a rule or is cut short becomes a field named "malformed". Accepts any bytes: offset and
/// length always lie inside the frame.
std::vector<Field> dissect(Bytes frame);

}  // namespace lvslab
