// MD5 (RFC 1321), as HTTP_GET's `digest` has it of a page.
#pragma once

#include <string>
#include <string_view>

namespace lvslab::keepalived {

/// 32 hex digits, in lower case.
std::string md5(std::string_view text);

}  // namespace lvslab::keepalived
