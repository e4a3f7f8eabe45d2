// SPDX-License-Identifier: MIT
// What goes through a socket pair beside bytes. Parcels that nobody will take any more are dropped by
// whoever notices first: the last holder of an end when he closes it, else the other side when it
// sends or closes.
#include <algorithm>

#include "linux/fd/pipe.hpp"

namespace linux::fd {

Shelf PipeEnd::shelf_in() const {
    return {shelf_.ref(), side_ == Side::first ? 1U : 0U, in_->header().parcels};
}

Shelf PipeEnd::shelf_out() const {
    return {shelf_.ref(), side_ == Side::first ? 0U : 1U, out_->header().parcels};
}

std::uint32_t PipeEnd::lay_down(Parcel& parcel) { return shelf_out().put(parcel).value_or(0); }

void PipeEnd::settle(std::uint32_t note, const PipeRing::Transfer& part, Parcel& parcel) {
    if (part.outcome != PipeRing::Outcome::done) {
        parcel = shelf_out().take(note);
    } else if (readers_gone()) {
        shelf_out().clear();  // the last one did not see this any more
    }
}

void PipeEnd::set_names(std::string_view own, std::string_view peer) {
    std::size_t end = side_ == Side::first ? 0 : 1;
    for (const std::string_view name : {own, peer}) {
        auto& to = mapping_->ring(0).header().names[end];
        to.length.store(static_cast<std::uint32_t>(name.copy(to.text, sizeof to.text)));
        end ^= 1;
    }
}

std::string PipeEnd::name_of(std::size_t end) const {
    const auto& from = mapping_->ring(0).header().names[end];
    return {from.text, std::min<std::size_t>(from.length.load(), sizeof from.text)};
}

void PipeEnd::pick_up(std::uint32_t note, Received* received) {
    Parcel parcel = shelf_in().take(note);
    if (received != nullptr) {
        received->parcel = std::move(parcel);
    }
}

void PipeEnd::drop_undelivered() {
    if (!is_socket(side_) || shelf_in().empty()) {
        return;
    }
    guard_.reset();
    if ((other_->peek().value_or(0) & gone_bit) != 0) {
        shelf_in().clear();
    }
}

}  // namespace linux::fd
