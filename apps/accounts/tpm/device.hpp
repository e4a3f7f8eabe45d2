// SPDX-License-Identifier: MIT
// /dev/tpm0 (drivers/tpm).
#pragma once

#include <memory>

#include "apps/accounts/tpm/chip.hpp"

namespace tpm {

// Nothing: there is none here.
std::unique_ptr<Transport> open_device();

}  // namespace tpm
