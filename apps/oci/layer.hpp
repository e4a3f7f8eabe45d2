// SPDX-License-Identifier: MIT
// A directory as a layer: all below it, sorted, with owner 0 and the times that the files have.
#pragma once

#include "apps/oci/tar_writer.hpp"

namespace oci {

Result<void> write_layer(int directory, Sink& to);

// The data of a writer's latest entry.
class EntrySink final : public Sink {
public:
    explicit EntrySink(TarWriter& archive) : archive_(archive) {}
    using Sink::write;
    Result<void> write(std::span<const std::byte> bytes) override { return archive_.write(bytes); }

private:
    TarWriter& archive_;
};

}  // namespace oci
