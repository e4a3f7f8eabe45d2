// SPDX-License-Identifier: MIT
// Where an image is made: a directory beside the images, with a name that none of them can have. It becomes an image when it is
// whole, by one rename; else it goes. What a power cut leaves of one, the next goes over: whoever makes an image holds a
// lock in its workshop, so one without is nobody's.
#pragma once

#include <string>
#include <string_view>

#include "apps/oci/descriptor.hpp"

namespace oci {

class Workshop {
public:
    // mkdtemp's form, below the folder of the images.
    static constexpr const char* importing = ".import-XXXXXX";
    static constexpr const char* building = ".build-XXXXXX";

    Workshop(const std::string& folder, const char* form);
    Workshop(const Workshop&) = delete;
    Workshop& operator=(const Workshop&) = delete;
    ~Workshop();

    explicit operator bool() const { return !path_.empty(); }  // false: errno says why
    [[nodiscard]] const std::string& path() const { return path_; }
    [[nodiscard]] std::string name() const { return path_.substr(path_.rfind('/') + 1); }

    // A file in it, in place of one of this name.
    Result<void> write(const char* name, std::string_view text) const;
    // What is in it is on the disk before it is the image.
    Result<void> become(const std::string& image);

private:
    bool hold();
    void clear_up() const;  // after those that did not come to an end

    std::string folder_path_, path_;
    Descriptor folder_, lock_;
};

// 1 to 63 of a-z 0-9 . _ -, and not `minimal`.
Result<void> check_name(const std::string& image);

// An image, at once or not at all.
Result<void> remove_image(const std::string& name, const std::string& folder);

}  // namespace oci
