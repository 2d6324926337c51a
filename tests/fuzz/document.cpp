// SPDX-License-Identifier: Apache-2.0
// The strict parser: what it takes comes out as it went in, and is taken again.
#include "hardened/core/document.hpp"

#include "hardened/core/error.hpp"
#include "hardened/core/fields.hpp"
#include "targets.hpp"

namespace hardened::fuzz {
namespace {

void check(const Json& parsed, DocumentKind kind, UnlistedFields unlisted) {
  try {
    check_fields(parsed, kind, unlisted);
    require_process(parsed, kind);
  } catch (const Error&) {
    // An answer.
  }
}

}  // namespace

void document(Input input) {
  Json parsed;
  try {
    parsed = parse_document(text_of(input), {.bytes = 1U << 20});
  } catch (const Error&) {
    return;
  }
  const std::string written = write_document(parsed);
  const Json again = parse_document(written);
  if (again != parsed || write_document(again) != written) fail("comes out as another document");
  for (const DocumentKind kind :
       {DocumentKind::config, DocumentKind::process, DocumentKind::resources}) {
    check(parsed, kind, UnlistedFields::keep);
    check(parsed, kind, UnlistedFields::refuse);
  }
}

}  // namespace hardened::fuzz
