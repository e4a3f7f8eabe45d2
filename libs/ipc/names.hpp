// SPDX-License-Identifier: MIT
// Names of errors and statuses, for logs and tests.
#pragma once

#include <string_view>

#include "libs/ipc/failure.hpp"

namespace ipc {

std::string_view name_of(abi::Error error);
std::string_view name_of(Status status);
std::string_view name_of(Failure failure);

}  // namespace ipc
