// Text inside payloads, as far as printers need it: is this the start of an HTTP message?
#pragma once

#include <string_view>

#include "sim/wire/bytes.h"

namespace lvslab {

/// True if `payload` begins with an HTTP request method, or with a status line ("HTTP/1.1 200"),
/// rather than in the middle of a body. Source: txtproto_print() and print-http.c of tcpdump.
bool starts_http_message(Bytes payload);

/// The first line without its end, as far as it is printable ASCII.
std::string_view first_text_line(Bytes payload);

}  // namespace lvslab
