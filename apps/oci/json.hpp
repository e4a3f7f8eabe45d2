// SPDX-License-Identifier: MIT
// jansson's values, with an owner.
#pragma once

#include <jansson.h>
#include <memory>

namespace oci {

struct JsonRelease {
    void operator()(json_t* json) const { json_decref(json); }
};
using Json = std::unique_ptr<json_t, JsonRelease>;

}  // namespace oci
