// SPDX-License-Identifier: MIT
// From an image to an archive: an OCI image layout (OCI image specification, image-layout.md) in a
// tar, with one layer.
#pragma once

#include "apps/oci/source.hpp"

namespace oci {

// FOLDER/NAME/Cluufile says what it runs and which image's files it has; of its limits and grants
// an OCI image knows nothing. The same image makes the same bytes. After an error, what has been
// written is worth nothing.
Result<void> export_image(const std::string& name, const std::string& folder, int to);

}  // namespace oci
