#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tideway {

// A number of SQL's type DECIMAL, exact, wide enough for the product of two of them. A value that
// owns no memory; any thread.
class Decimal {
 public:
  Decimal() = default;
  static Decimal of(std::uint64_t magnitude, bool is_negative);
  // [+-]digits[.digits], also .5 and 5.; nullopt for other text and for more than 81 digits.
  static std::optional<Decimal> parse(std::string_view text);

  bool is_zero() const;
  bool is_negative() const { return is_negative_ && !is_zero(); }
  int scale() const { return scale_; }      // digits behind the point
  int compare(const Decimal& other) const;  // below, at or above zero
  Decimal negated() const;

  // nullopt: more digits than there is room for.
  std::optional<Decimal> plus(const Decimal& other) const;
  std::optional<Decimal> times(const Decimal& other) const;
  // As MySQL divides: the quotient is cut off behind at least `more` digits more than this has,
  // counted in words of nine. The divisor is not zero.
  std::optional<Decimal> over(const Decimal& other, int more) const;
  std::optional<Decimal> remainder(const Decimal& other) const;  // has the sign of this

  enum class Cut : std::uint8_t { half_up, toward_zero };
  Decimal with_scale(int scale, Cut cut) const;  // never more digits than it has; below 0: tens
  // The whole part; nullopt beyond 64 bits.
  std::optional<std::uint64_t> magnitude() const;
  double to_double() const;
  std::string to_text() const;

 private:
  static constexpr std::size_t limb_count = 18;
  static constexpr std::uint32_t limb_base = 1'000'000'000;
  using Limbs = std::array<std::uint32_t, limb_count>;  // least first

  static int compare_limbs(const Limbs& one, const Limbs& other);
  static bool add_to(Limbs& one, const Limbs& other);
  static void subtract_from(Limbs& one, const Limbs& smaller);
  static bool multiply_by(Limbs& limbs, std::uint32_t factor);
  static std::uint32_t divide_by(Limbs& limbs, std::uint32_t divisor);  // the remainder
  static bool shift_up(Limbs& limbs, int digits);
  static Limbs divide(Limbs& rest, const Limbs& divisor);  // the quotient; rest stays
  bool align(Decimal& other);                              // to the larger scale

  Limbs limbs_{};
  int scale_ = 0;
  bool is_negative_ = false;
};

}  // namespace tideway
