"""Comparing two typed trees by their types: a table of rules, and the rules for each kind of answer."""

from __future__ import annotations

from collections.abc import Callable

from flint import fmpq

from answer_normalizers.algebra import as_matrix, as_vector, vector_expression
from answer_normalizers.exact import rational
from answer_normalizers.expressions import compare_scalars, substitute
from answer_normalizers.limits import MAX_PAIRINGS
from answer_normalizers.policy import Policy
from answer_normalizers.relations import (
    argument_renaming,
    assignment,
    compare_equations,
    compare_scaled_inequalities,
    names_agree,
    spread_tuple,
)
from answer_normalizers.sets import compare_sets, is_set_like, may_be_set
from answer_normalizers.units import Unit, conversion, read_unit
from answer_normalizers.values import (
    EMPTY_SET,
    Apply,
    Based,
    Clock,
    Items,
    Logic,
    Matrix,
    Num,
    Quantity,
    Ratio,
    Relation,
    Sequence,
    SetOf,
    Sym,
    Text,
    Value,
    free_symbols,
)
from answer_normalizers.verdict import Verdict

_SAME_TREE = Verdict(True, "structure", "the two answers are the same expression")
_SCALARS = (Num, Sym, Apply)


def _no(stage: str, reason: str, witness: str | None = None) -> Verdict:
    return Verdict(False, stage, reason, witness)


def _unsure(stage: str, reason: str) -> Verdict:
    return Verdict(None, stage, reason)


def compare(gold: Value, pred: Value, policy: Policy) -> Verdict:
    """Decide whether two trees are the same answer."""
    if gold == pred:
        return _SAME_TREE
    left, right = type(gold), type(pred)
    if left in _SCALARS and right in _SCALARS:
        return _scalars(gold, pred, policy)
    for kind, rule in _RULES:
        if left is kind or right is kind:
            return rule(gold, pred, policy)
    return _no("type", f"{_name(gold)} is never {_name(pred)}")


def _name(value: Value) -> str:
    return _NAMES.get(type(value), "an expression")


_NAMES = {
    Num: "a number", Sym: "a symbol", Apply: "an expression", Sequence: "a point or interval", Items: "a list",
    SetOf: "a set", Relation: "a relation", Logic: "a condition", Matrix: "a matrix", Quantity: "a quantity",
    Based: "a number with a base", Ratio: "a ratio", Clock: "a time", Text: "a text",
}  # fmt: skip


# -- scalars ----------------------------------------------------------------------------------------------------

_UNIT_LETTERS = frozenset("msghLNJWVKlC")


def _scalars(gold: Value, pred: Value, policy: Policy) -> Verdict:
    families = _family(gold), _family(pred)
    if families[0] is not None and families[1] is not None:
        return _families(families[0], families[1])
    matrices = _with_matrices(gold), _with_matrices(pred)
    if True in matrices:
        return _matrices(gold, pred, policy)
    verdict = compare_scalars(gold, pred, policy)
    if verdict.equivalent is False:
        for one, other in ((gold, pred), (pred, gold)):
            quantity = _as_quantity(one)
            if (
                quantity is not None
                and type(other) is Num
                and compare_scalars(quantity.value, other, policy).equivalent
            ):
                if "/" in quantity.unit:
                    return Verdict(True, "unit", "the values are equal, one answer without the unit")
                return _unsure("unit", "the letter behind the number may be a unit or a variable")
    return verdict


_PARAMETERS = ("k", "n", "m")


def _family(value: Value) -> tuple[fmpq, fmpq] | None:
    """`(a, b)` for an expression `a pi + b pi k` with an integer parameter k, as solutions of trigonometric
    equations are written; else None."""
    if type(value) is not Apply:
        return None
    names = free_symbols(value)
    if len(names) != 1 or not names <= set(_PARAMETERS):
        return None
    name = next(iter(names))
    values = [
        rational(value, {"pi": scale, name: k}) for scale, k in ((1, 0), (1, 1), (1, 3), (2, 0), (2, 1))
    ]
    if any(v is None for v in values):
        return None
    start, one, three, double, double_one = (fmpq(v) for v in values if v is not None)
    step = one - start
    if step == 0 or three != start + 3 * step or double != 2 * start or double_one != 2 * one:
        return None
    return start, step


def _families(gold: tuple[fmpq, fmpq], pred: tuple[fmpq, fmpq]) -> Verdict:
    """Two families over all integers are the same set when they have one step and their starts differ by steps."""
    if abs(gold[1]) == abs(pred[1]) and ((gold[0] - pred[0]) / gold[1]).q == 1:
        return Verdict(True, "set", "the same multiples of pi over all integers")
    return _no("set", "different multiples of pi over all integers")


def _as_quantity(value: Value) -> Quantity | None:
    """`10 m/s` was read as a product: the quantity it may be, or None where a letter is no unit."""
    if type(value) is not Apply or value.head != "*" or type(value.args[0]) is not Num:
        return None
    unit = ""
    for factor in value.args[1:]:
        part = _unit_factor(factor)
        if part is None:
            return None
        unit += part
    return Quantity(value.args[0], unit)


def _unit_factor(value: Value) -> str | None:
    if type(value) is Sym and value.name in _UNIT_LETTERS:
        return " " + value.name
    if type(value) is Apply:
        inner = _unit_factor(value.args[0])
        if inner is not None and value.head == "inv":
            return " /" + inner
        if inner is not None and value.head == "^" and type(value.args[1]) is Num:
            return f"{inner}^{value.args[1].value}"
    return None


def _with_matrices(value: Value) -> bool:
    return type(value) is Apply and any(type(a) is Matrix or _with_matrices(a) for a in value.args)


# -- quantities, texts, times -------------------------------------------------------------------------------------


def _quantities(gold: Value, pred: Value, policy: Policy) -> Verdict:
    if type(gold) is Relation or type(pred) is Relation:
        return _relations(gold, pred, policy)
    if type(gold) is Quantity and type(pred) is Quantity:
        units = _two_units(gold.unit, pred.unit)
        factor = conversion(units[1], units[0])
        if factor is not None:
            value = pred.value if factor == 1 else Apply("*", (pred.value, Num(factor)))
            return compare(gold.value, value, policy)
        verdict = compare(gold.value, pred.value, policy)
        if not (units[0].dimensions and units[1].dimensions):
            return verdict
        if units[0].has_labels or units[1].has_labels:
            if verdict.equivalent:
                return _unsure(
                    "unit",
                    f"the values agree, but `{gold.unit}` and `{pred.unit}` are not known to be the same",
                )
            return verdict
        return _no("unit", f"`{gold.unit}` and `{pred.unit}` measure different things")
    quantity, other = (gold, pred) if type(gold) is Quantity else (pred, gold)
    assert type(quantity) is Quantity
    if policy.units == "required" and read_unit(quantity.unit).dimensions:
        return _no("unit", "only one of the answers has a unit")
    if type(other) in (Text, Based, Clock):
        return _no("type", f"a quantity is never {_name(other)}")
    spelled = _as_quantity(other)
    if spelled is not None:
        return (
            _quantities(quantity, spelled, policy)
            if quantity is gold
            else _quantities(spelled, quantity, policy)
        )
    return (
        compare(quantity.value, pred, policy) if quantity is gold else compare(gold, quantity.value, policy)
    )


def _two_units(gold: str, pred: str) -> tuple[Unit, Unit]:
    """Both units; `pounds` beside money is money."""
    units = read_unit(gold), read_unit(pred)
    money = read_unit("pound_sterling")
    if money in units:
        return read_unit(gold.replace("pounds", "gbp")), read_unit(pred.replace("pounds", "gbp"))
    return units


_SAME_ANSWER_IN_OTHER_WORDS = (frozenset({"yes", "true"}), frozenset({"no", "false"}))


def _texts(gold: Value, pred: Value, policy: Policy) -> Verdict:
    if type(gold) is Text and type(pred) is Text:
        if gold.words.replace(" ", "") == pred.words.replace(" ", ""):
            return Verdict(True, "text", "the two answers are the same words")
        one, two = set(gold.words.split()), set(pred.words.split())
        if any(one | two <= pair for pair in _SAME_ANSWER_IN_OTHER_WORDS):
            return _unsure("text", "the two words may mean the same to the question")
        if one and two and (one < two or two < one):
            return _unsure("text", "one answer has words the other has not")
        return _no("text", "the two answers are different words")
    text, other = (gold, pred) if type(gold) is Text else (pred, gold)
    assert type(text) is Text
    if type(other) is Relation:
        named = assignment(other)
        if named is not None:
            return compare(text, named[1], policy)
    if other == EMPTY_SET and text.words in ("none", "undefined", "impossible", "dne"):
        return _unsure("text", f"`{text.words}` may mean that there is no solution")
    if other in (Sym("inf"), Apply("neg", (Sym("inf"),))) and text.words in ("diverges", "dne", "undefined"):
        return _unsure("text", f"`{text.words}` may mean that the value is infinite")
    if _as_letters(other) == text.words.replace(" ", "") != "":
        return Verdict(True, "text", "the two answers are the same letters")
    return _no("type", f"words are never {_name(other)}")


def _as_letters(value: Value) -> str:
    """The letters of a product of letters, a list of letters, or one letter, as text."""
    if type(value) is Sym and len(value.name) == 1:
        return value.name.lower()
    if (
        type(value) is Apply
        and value.head == "*"
        and all(type(a) is Sym and len(a.name) == 1 for a in value.args)
    ):
        return "".join(a.name for a in value.args).lower()  # type: ignore[union-attr]
    return ""


def _clocks(gold: Value, pred: Value, policy: Policy) -> Verdict:
    """Times of day; `2:30` without a half of the day may also be a ratio."""
    one, two = _as_clock(gold), _as_clock(pred)
    if one is None or two is None:
        ratios = _as_ratio(gold), _as_ratio(pred)
        if ratios[0] is not None and ratios[1] is not None:
            return compare(ratios[0], ratios[1], policy)
        return _no("type", f"{_name(gold)} is never {_name(pred)}")
    same = _minutes(one) == _minutes(two)
    if bool(one.half) != bool(two.half) and policy.clock == "half_optional":
        same = same or (one.hour, one.minute) == (two.hour, two.minute)
    if same:
        return Verdict(True, "clock", "the two times are the same")
    ratios = _as_ratio(gold), _as_ratio(pred)
    if (
        ratios[0] is not None
        and ratios[1] is not None
        and one.minute
        and _ratios(ratios[0], ratios[1], policy).equivalent
    ):
        return _unsure("clock", "the same as ratios, different as times")
    return _no("clock", "the two times differ")


def _minutes(clock: Clock) -> int:
    hour = clock.hour
    if clock.half:
        hour = hour % 12 + (12 if clock.half == "pm" else 0)
    return hour * 60 + clock.minute


def _as_clock(value: Value) -> Clock | None:
    if type(value) is Clock:
        return value
    if type(value) is Num and type(value.value) is int and 0 <= value.value <= 24:
        return Clock(value.value, 0, "")
    return None


def _as_ratio(value: Value) -> Value | None:
    """The ratio `2:30` may be, or a value a ratio can be compared with."""
    if type(value) is Clock:
        return None if value.half else Ratio((Num(value.hour), Num(value.minute)))
    return value if type(value) in (Ratio, *_SCALARS) else None


def _ratios(gold: Value, pred: Value, policy: Policy) -> Verdict:
    """`2:3` equals `4:6` and the fraction `2/3`."""
    if type(gold) is Ratio and type(pred) is Ratio:
        if len(gold.parts) != len(pred.parts):
            return _no("ratio", "the ratios have different numbers of parts")
        verdict = _SAME_TREE
        for k in range(1, len(gold.parts)):
            cross = (Apply("*", (gold.parts[0], pred.parts[k])), Apply("*", (gold.parts[k], pred.parts[0])))
            verdict = compare(*cross, policy)
            if not verdict.equivalent:
                return verdict
        return Verdict(True, "ratio", "the two ratios are the same")
    ratio, other = (gold, pred) if type(gold) is Ratio else (pred, gold)
    assert type(ratio) is Ratio
    if type(other) is Relation:
        return _relations(gold, pred, policy)
    if len(ratio.parts) != 2 or type(other) not in _SCALARS:
        return _no("type", f"a ratio is never {_name(other)}")
    fraction = Apply("/", ratio.parts)
    return compare(fraction, pred, policy) if ratio is gold else compare(gold, fraction, policy)


def _based(gold: Value, pred: Value, policy: Policy) -> Verdict:
    if type(gold) is Based and type(pred) is Based:
        if gold.base == pred.base:
            return _no("base", "the digits differ")
        if _based_value(gold) == _based_value(pred):
            return _unsure("base", "the same value in two bases, while the question may ask for one")
        return _no("base", "the two numbers differ in base and value")
    number, other = (gold, pred) if type(gold) is Based else (pred, gold)
    assert type(number) is Based
    if type(other) is Relation:
        return _relations(gold, pred, policy)
    digits = str(other.value) if type(other) is Num else _as_letters(other).upper()
    if policy.base_subscripts == "optional" and digits == number.digits:
        return Verdict(True, "base", "the same digits, one answer without the base")
    return _no("base", "the digits differ")


def _based_value(number: Based) -> fmpq:
    whole, _, decimals = number.digits.partition(".")
    return fmpq(int(whole + decimals, number.base), number.base ** len(decimals))


# -- points, lists, sets, matrices ----------------------------------------------------------------------------------


def _in_order(gold: tuple[Value, ...], pred: tuple[Value, ...], policy: Policy) -> Verdict:
    if len(gold) != len(pred):
        return _no("structure", f"{len(gold)} components against {len(pred)}")
    unsure: Verdict | None = None
    last = _SAME_TREE
    for one, two in zip(gold, pred, strict=True):
        last = compare(one, two, policy)
        if last.equivalent is False:
            return last
        if last.equivalent is None:
            unsure = last if unsure is None else unsure
    if unsure is not None:
        return unsure
    return Verdict(True, last.stage, "all components are equal, in order")


def _in_any_order(gold: tuple[Value, ...], pred: tuple[Value, ...], policy: Policy) -> Verdict:
    """Match two lists without order; repetition counts only where the policy says so."""
    counted = policy.repeated_items == "counted"
    if counted and len(gold) != len(pred):
        return _no("set", f"{len(gold)} items against {len(pred)}")
    gold_numbers, gold_rest = _split(gold)
    pred_numbers, pred_rest = _split(pred)
    if (
        not gold_rest
        and not pred_rest
        and not any(n.digits >= policy.decimal_digits for n in gold_numbers + pred_numbers)
    ):
        same = (
            sorted(n.value for n in gold_numbers) == sorted(n.value for n in pred_numbers)
            if counted
            else {n.value for n in gold_numbers} == {n.value for n in pred_numbers}
        )
        if same:
            return Verdict(True, "set", "the two lists hold the same numbers")
        if not policy.relative_tolerance:
            return _no("set", "the two lists hold different numbers")
    if len(gold) * len(pred) > MAX_PAIRINGS:
        return _unsure("limits", "lists too long to match item by item")
    unsure: Verdict | None = None
    settled = True
    for ours, theirs, flipped in ((gold, pred, False), (pred, gold, True)):
        for item in ours:
            found: bool | None = False
            for candidate in theirs:
                verdict = compare(candidate, item, policy) if flipped else compare(item, candidate, policy)
                if verdict.equivalent:
                    found = True
                    break
                if verdict.equivalent is None:
                    found = None
                    unsure = verdict if unsure is None else unsure
            if found is False:
                side = "prediction" if flipped else "gold"
                return _no("set", f"an item of the {side} is missing from the other answer")
            settled = settled and found is True
    if unsure is not None and not settled:
        return unsure
    return Verdict(True, "set", "every item of each answer is in the other")


def _split(items: tuple[Value, ...]) -> tuple[list[Num], list[Value]]:
    numbers: list[Num] = []
    rest: list[Value] = []
    for item in items:
        if type(item) is Num:
            numbers.append(item)
        else:
            rest.append(item)
    return numbers, rest


def _sets_of_items(gold: Value, pred: Value, policy: Policy) -> Verdict:
    """Two answers of which one is a set in braces."""
    if type(gold) is SetOf and type(pred) is SetOf:
        return _in_any_order(gold.items, pred.items, policy)
    chosen, other = (gold, pred) if type(gold) is SetOf else (pred, gold)
    assert type(chosen) is SetOf
    if type(other) is Items:
        return _in_any_order(gold.items, pred.items, policy)  # type: ignore[union-attr]
    if is_set_like(other):
        if type(other) is Relation and other.ops == ("in",):
            inside = other.sides[1]
            return compare(chosen, inside, policy) if chosen is gold else compare(inside, chosen, policy)
        return _real_sets(gold, pred, policy)
    if type(other) is Sequence:
        return _no("type", "a set in braces has no order, a point has")
    if type(other) is Relation:
        return _relations(gold, pred, policy)
    if len(chosen.items) == 1:
        return (
            compare(chosen.items[0], pred, policy)
            if chosen is gold
            else compare(gold, chosen.items[0], policy)
        )
    return _no("type", f"a set of {len(chosen.items)} elements is not {_name(other)}")


def _lists(gold: Value, pred: Value, policy: Policy) -> Verdict:
    """Two answers of which one is a list without brackets."""
    solved = _equation_and_solutions(gold, pred)
    if solved is not None:
        return solved
    gold, pred = _as_named_values(gold, pred)
    if type(gold) is Items and type(pred) is Items:
        return _in_any_order(gold.items, pred.items, policy)
    if type(gold) is not Items and type(pred) is not Items:
        return compare(gold, pred, policy)
    items, other = (gold, pred) if type(gold) is Items else (pred, gold)
    assert type(items) is Items
    if type(other) is Sequence:
        return _in_order(gold.items, pred.items, policy)  # type: ignore[union-attr]
    if type(other) is SetOf:
        return _in_any_order(gold.items, pred.items, policy)  # type: ignore[union-attr]
    if type(other) is Matrix:
        vector = as_vector(other)
        if vector is not None:
            return (
                _in_order(items.items, vector, policy)
                if items is gold
                else _in_order(vector, items.items, policy)
            )
    if type(other) is Relation:
        return _relations(gold, pred, policy)
    if is_set_like(other):
        if any(type(item) is Relation or is_set_like(item) for item in items.items):
            return _real_sets(gold, pred, policy)
        return compare_sets(gold, pred)
    if len({_plain(item) for item in items.items}) == 1 and policy.repeated_items == "ignored":
        return (
            compare(items.items[0], pred, policy) if items is gold else compare(gold, items.items[0], policy)
        )
    letters = "".join(_as_letters(item) or "?" for item in items.items)
    if letters == _as_letters(other) or (type(other) is Text and letters == other.words):
        return Verdict(True, "text", "the two answers are the same letters")
    return _no("type", f"a list of {len(items.items)} items is not {_name(other)}")


def _equation_and_solutions(gold: Value, pred: Value) -> Verdict | None:
    """`(x-2)(x+3) = 0` against `x = 2, x = -3`; None where the answers are not of these kinds."""
    equation, items = (gold, pred) if type(gold) is Relation else (pred, gold)
    if (
        type(equation) is not Relation
        or equation.ops != ("=",)
        or type(items) is not Items
        or assignment(equation) is not None
    ):
        return None
    pairs = _named(items)
    if pairs is None or len({name for name, _ in pairs}) != 1 or type(pairs[0][0]) is not Sym:
        return None
    named = Relation(("=",), (pairs[0][0], Items(tuple(value for _, value in pairs))))
    gold, pred = (equation, named) if equation is gold else (named, equation)
    return _solutions(gold, pred, assignment(gold), assignment(pred))


def _plain(value: Value) -> Value:
    named = assignment(value) if type(value) is Relation else None
    return named[1] if named else value


def _as_named_values(gold: Value, pred: Value) -> tuple[Value, Value]:
    """Both answers with names dropped, where the names of their assignments allow it.

    `a = 1, b = 2` is a list of named values: matched by name where both have names; beside a bare list or a point
    it is its values in the order of the names. `x = 1, x = 2` and `x_1 = 1, x_2 = 2` are values of one unknown.
    """
    if type(gold) is Relation:
        gold = spread_tuple(gold)
    if type(pred) is Relation:
        pred = spread_tuple(pred)
    left, right = _named(gold), _named(pred)
    if left is None and right is None:
        return gold, pred
    if left is not None and right is not None:
        if {name for name, _ in left} == {name for name, _ in right} or (len(left) == 1) != (len(right) == 1):
            return gold, pred
        return gold, pred
    if left is not None:
        return _values_in_order(left, pred), pred
    assert right is not None
    return gold, _values_in_order(right, gold)


_ORDERED_NAMES = (
    frozenset("xyzw"),
    frozenset("abcdef"),
    frozenset("pqrs"),
    frozenset("uvw"),
    frozenset("mn"),
    frozenset("ABCDEF"),
)
"""Sets of unknowns whose alphabetical order is the order of a point of their values."""


def _named(value: Value) -> list[tuple[Value, Value]] | None:
    if type(value) is not Items:
        return None
    pairs = []
    for item in value.items:
        named = assignment(item) if type(item) is Relation else None
        if named is None:
            return None
        pairs.append(named)
    return pairs


def _values_in_order(pairs: list[tuple[Value, Value]], other: Value) -> Value:
    """The values, in the order of their names; a point where the names are distinct unknowns and so is the other."""
    stems = {name.name.split("_")[0] if type(name) is Sym else str(name) for name, _ in pairs}
    if len(stems) < len(pairs) and not (type(other) is Sequence):
        return Items(tuple(value for _, value in pairs))
    if any(stems <= alphabet for alphabet in _ORDERED_NAMES):
        pairs = sorted(pairs, key=lambda pair: pair[0].name)  # type: ignore[union-attr]
    values = tuple(value for _, value in pairs)
    if type(other) is Items and len(stems) == len(pairs):
        return Sequence("(", ")", values)
    return Sequence("(", ")", values) if type(other) is Sequence else Items(values)


def _sequences(gold: Value, pred: Value, policy: Policy) -> Verdict:
    """Two answers of which one is a point, vector or interval."""
    if type(gold) is Sequence and type(pred) is Sequence:
        brackets = gold.opener + gold.closer, pred.opener + pred.closer
        verdict = _in_order(gold.items, pred.items, policy)
        if brackets[0] == brackets[1] or "<>" in brackets:
            return verdict
        if verdict.equivalent is False:
            return verdict
        if len(gold.items) != 2 and set(brackets) == {"()", "[]"}:
            return verdict
        return _no("set", "the ends of the intervals differ in whether they belong to them")
    sequence, other = (gold, pred) if type(gold) is Sequence else (pred, gold)
    assert type(sequence) is Sequence
    if is_set_like(other):
        return _real_sets(gold, pred, policy)
    if type(other) is Relation:
        return _relations(gold, pred, policy)
    if type(other) is Matrix:
        return _matrices(gold, pred, policy)
    if type(other) in _SCALARS:
        expression = vector_expression(sequence, other)
        if expression is not None:
            return (
                compare(expression, pred, policy) if sequence is gold else compare(gold, expression, policy)
            )
        if type(as_matrix(other)) is Matrix:
            return _matrices(gold, pred, policy)
    return _no("type", f"a point or interval is never {_name(other)}")


def _matrices(gold: Value, pred: Value, policy: Policy) -> Verdict:
    left, right = as_matrix(gold), as_matrix(pred)
    if type(left) is Matrix and type(right) is Matrix:
        if len(left.rows) != len(right.rows) or len(left.rows[0]) != len(right.rows[0]):
            return _no("structure", "the matrices have different shapes")
        return _in_order(
            tuple(cell for row in left.rows for cell in row),
            tuple(cell for row in right.rows for cell in row),
            policy,
        )
    for one, other, flipped in ((left, pred, False), (right, gold, True)):
        if type(one) is Matrix and type(other) in (Sequence, Items):
            vector = as_vector(one)
            if (
                vector is None
                or policy.vectors == "same_kind"
                or (type(other) is Sequence and other.opener + other.closer in ("[)", "(]"))
            ):
                return _no("type", "a matrix is never a point")
            items = other.items  # type: ignore[union-attr]
            return _in_order(items, vector, policy) if flipped else _in_order(vector, items, policy)
        if type(one) is Matrix and other == Sym("I"):
            return _identity(one, policy)
    if left is not None and right is not None:
        return (
            compare(left, right, policy)
            if (left, right) != (gold, pred)
            else _no("type", "a matrix is never a number")
        )
    if left is None and right is None:
        return _unsure("structure", "matrix expressions that could not be worked out")
    return _unsure("structure", "a matrix expression that could not be worked out")


def _identity(matrix: Matrix, policy: Policy) -> Verdict:
    size = len(matrix.rows)
    if any(len(row) != size for row in matrix.rows):
        return _no("structure", "not a square matrix")
    cells = tuple(cell for row in matrix.rows for cell in row)
    unit = tuple(Num(int(i == j)) for i in range(size) for j in range(size))
    return _in_order(cells, unit, policy)


# -- sets of reals, relations ----------------------------------------------------------------------------------------


def _real_sets(gold: Value, pred: Value, policy: Policy) -> Verdict:
    """Two answers of which one can only be a set of reals."""
    inner_gold, inner_pred = _inside(gold), _inside(pred)
    if inner_gold is not gold or inner_pred is not pred:
        one_named = (inner_gold is gold) != (inner_pred is pred)
        if one_named or gold.sides[0] == pred.sides[0]:  # type: ignore[union-attr]
            return compare(inner_gold, inner_pred, policy)
    if not (may_be_set(gold) or type(gold) is Items) or not (may_be_set(pred) or type(pred) is Items):
        if type(gold) in _SCALARS or type(pred) in _SCALARS:
            scalar = gold if type(gold) in _SCALARS else pred
            if type(scalar) is Num:
                return compare_sets(
                    SetOf((gold,)) if scalar is gold else gold, SetOf((pred,)) if scalar is pred else pred
                )
        for one in (gold, pred):
            if type(one) is Relation and not is_set_like(one):
                return _unsure("set", "an equation against a set")
        return _no("type", f"{_name(gold)} is never {_name(pred)}")
    verdict = compare_sets(gold, pred)
    if verdict.equivalent is not None:
        return verdict
    if type(gold) is Relation and type(pred) is Relation:
        scaled = compare_scaled_inequalities(gold, pred)
        if scaled is not None:
            return scaled
    parts = _parts(gold), _parts(pred)
    if type(gold) is type(pred) and len(parts[0]) == len(parts[1]) > 0 and _same_frame(gold, pred):
        inner = _in_order(parts[0], parts[1], policy)
        if inner.equivalent:
            return inner
    flipped = _flipped_chain(pred)
    if flipped is not None and type(gold) is Relation and flipped.ops == gold.ops:
        inner = _in_order(gold.sides, flipped.sides, policy)
        if inner.equivalent:
            return inner
    return verdict


def _inside(value: Value) -> Value:
    """`S` for `x \\in S`."""
    if type(value) is Relation and value.ops == ("in",) and type(value.sides[0]) in (Sym, Apply):
        return value.sides[1]
    return value


def _parts(value: Value) -> tuple[Value, ...]:
    for attribute in ("sides", "parts", "args", "items"):
        found = getattr(value, attribute, None)
        if found is not None:
            return tuple(found)
    return ()


def _same_frame(gold: Value, pred: Value) -> bool:
    if type(gold) is Relation:
        return gold.ops == pred.ops  # type: ignore[union-attr]
    if type(gold) is Sequence:
        return (gold.opener, gold.closer) == (pred.opener, pred.closer)  # type: ignore[union-attr]
    return getattr(gold, "op", None) == getattr(pred, "op", None)


def _flipped_chain(value: Value) -> Relation | None:
    table = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "!=": "!=", "=": "="}
    if type(value) is not Relation or not all(op in table for op in value.ops):
        return None
    return Relation(tuple(table[op] for op in reversed(value.ops)), tuple(reversed(value.sides)))


def _relations(gold: Value, pred: Value, policy: Policy) -> Verdict:
    """Two answers of which one is a relation."""
    for value in (gold, pred):
        if is_set_like(value):
            return _real_sets(gold, pred, policy)
    names = [assignment(v) if type(v) is Relation else None for v in (gold, pred)]
    if type(gold) is Relation and type(pred) is Relation:
        return _two_relations(gold, pred, names[0], names[1], policy)
    named = names[0] or names[1]
    relation, other = (gold, pred) if type(gold) is Relation else (pred, gold)
    assert type(relation) is Relation
    if type(other) is Text:
        return _texts(gold, pred, policy)
    if named is None:
        spread = spread_tuple(relation)
        if type(other) is Items and type(spread) is Items:
            return compare(spread, pred, policy) if relation is gold else compare(gold, spread, policy)
        if relation.ops == ("mod",):
            inner = relation.sides[0]
            return compare(inner, pred, policy) if relation is gold else compare(gold, inner, policy)
        if relation.ops[-1] in ("===", "=>", "->", "iff"):
            return _unsure("relation", "a statement against a value")
        return _unsure("relation", "an equation against a value")
    if policy.assignments == "required":
        return _no("relation", "only one of the answers names what it is the value of")
    value = named[1]
    return compare(value, pred, policy) if relation is gold else compare(gold, value, policy)


def _two_relations(
    gold: Relation,
    pred: Relation,
    left: tuple[Value, Value] | None,
    right: tuple[Value, Value] | None,
    policy: Policy,
) -> Verdict:
    if (
        gold.ops == pred.ops == ("=",)
        and _in_order(gold.sides, tuple(reversed(pred.sides)), policy).equivalent
    ):
        return Verdict(True, "relation", "the two equations are the same, sides exchanged")
    if left is None and right is None or _is_equation(gold) and _is_equation(pred):
        verdict = compare_equations(gold, pred)
        if verdict.equivalent:
            return verdict
        if left is None or right is None:
            if gold.ops == pred.ops:
                inner = _in_order(gold.sides, pred.sides, policy)
                if inner.equivalent:
                    return inner
            return verdict
    if left is None or right is None:
        many = _solutions(gold, pred, left, right)
        return _unsure("relation", "an equation against a named value") if many is None else many
    agree = names_agree(left[0], right[0])
    renaming = argument_renaming(left[0], right[0])
    value = right[1] if renaming is None else substitute(right[1], renaming[1], Sym(renaming[0]))
    verdict = compare(left[1], value, policy)
    if agree is True or verdict.equivalent is False:
        return verdict
    if agree is False:
        return _no("relation", "the answers are values of different unknowns")
    return _unsure("relation", "the values agree, but the names differ") if verdict.equivalent else verdict


def _is_equation(value: Relation) -> bool:
    return value.ops == ("=",) and all(type(s) in _SCALARS for s in value.sides) and bool(free_symbols(value))


def _solutions(
    gold: Relation, pred: Relation, left: tuple[Value, Value] | None, right: tuple[Value, Value] | None
) -> Verdict | None:
    """`x^2 = 4` against `x = \\pm 2`: the values against the solution set of the equation."""
    named = left or right
    assert named is not None
    if type(named[1]) is not Items:
        return None
    name, values = named[0], named[1].items
    product = Apply("*", tuple(Apply("+", (name, Apply("neg", (v,)))) for v in values))
    whole = Relation(("=",), (product, Num(0)))
    return compare_equations(whole, pred) if left is not None else compare_equations(gold, whole)


_Rule = Callable[[Value, Value, Policy], Verdict]
_RULES: list[tuple[type, _Rule]] = [
    (Quantity, _quantities),
    (Items, _lists),
    (Relation, _relations),
    (Text, _texts),
    (Clock, _clocks),
    (Ratio, _ratios),
    (Based, _based),
    (Matrix, _matrices),
    (SetOf, _sets_of_items),
    (Sequence, _sequences),
]


def _rest(gold: Value, pred: Value, policy: Policy) -> Verdict:
    """Unions, conditions and set builders."""
    return _real_sets(gold, pred, policy)


from answer_normalizers.values import Builder, SetOp  # noqa: E402

_RULES.extend([(SetOp, _rest), (Builder, _rest), (Logic, _rest)])
