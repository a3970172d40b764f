"""How tests are written in ordinary courses: one small question each, with a right and a wrong answer.

``test_styles`` puts all of them into one notebook. Names are used once, for its cells share them.
"""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import dedent

__all__ = ["BY_HAND", "SETUP", "STYLES", "TOUCHED", "Style"]

SETUP = """\
import collections, contextlib, copy, dataclasses, datetime, decimal, fractions, inspect, io, itertools, math
import pathlib, random, types, warnings
import numpy as np
import pytest
"""


@dataclass(frozen=True)
class Style:
    """A question: what a solution writes, what a wrong answer writes, and the test."""

    right: str
    wrong: str
    test: str
    setup: str = ""
    points: float = 1


def _styles(text: str) -> dict[str, Style]:
    """Read ``# name``, and below it the parts of a style between lines of ``--``."""
    found = {}
    for block in dedent(text).split("\n# ")[1:]:
        name, _, body = block.partition("\n")
        name, _, points = name.partition(", worth ")
        right, wrong, test, *setup = (part.strip() for part in body.split("\n--\n"))
        found[name] = Style(right, wrong, test, "".join(setup), float(points or 1))
    return found


STYLES = _styles('''
# an integer
answer_a = 6 * 7
--
answer_a = 42.5
--
assert answer_a == 42
# what nbgrader says to the code that it runs
import os
told_a = os.environ.get("NBGRADER_EXECUTION", "nothing")
--
told_a = "nothing"
--
assert told_a == "autograde"
# a float with a tolerance
ratio_b = 1 / 3
--
ratio_b = 0.3
--
assert abs(ratio_b - 0.333333) < 1e-4 and math.isclose(ratio_b, 1 / 3)
# a text
def greet(name): return f"Hello, {name}!"
--
def greet(name): return f"hello, {name}!"
--
assert greet("Ada") == "Hello, Ada!" and greet("").startswith("Hello")
# a list
def squares(n): return [k * k for k in range(n)]
--
def squares(n): return [k * k for k in range(1, n)]
--
assert squares(4) == [0, 1, 4, 9], "squares of 0 to 3"
# a dictionary
def count_letters(text): return {letter: text.count(letter) for letter in text}
--
def count_letters(text): return {letter: 1 for letter in text}
--
assert count_letters("abca") == {"a": 2, "b": 1, "c": 1}
# a set
def common(a, b): return set(a) & set(b)
--
def common(a, b): return set(a) | set(b)
--
assert common([1, 2, 3], [2, 3, 4]) == {2, 3} and isinstance(common([], []), set)
# a tuple taken apart
def low_high(values): return min(values), max(values)
--
def low_high(values): return max(values), min(values)
--
low, high = low_high([3, 1, 2])
assert (low, high) == (1, 3)
# several cases in a loop
def is_prime(n): return n > 1 and all(n % k for k in range(2, n))
--
def is_prime(n): return n in (2, 3, 5, 7)
--
for number, expected in [(1, False), (2, True), (9, False), (11, True), (12, False)]:
    assert is_prime(number) == expected, f"is_prime({number})"
# np.testing
def normalise(x): return (x - x.mean()) / x.std()
--
def normalise(x): return x - x.mean()
--
np.testing.assert_allclose(normalise(np.array([1.0, 2.0, 3.0])), [-1.22474487, 0, 1.22474487], rtol=1e-6)
# shapes and dtypes
def blank(height, width): return np.zeros((height, width), dtype=np.uint8)
--
def blank(height, width): return np.zeros((width, height))
--
assert blank(2, 3).shape == (2, 3) and blank(2, 3).dtype == np.uint8 and not blank(2, 3).any()
# an array among the variables
grid_c = np.arange(6).reshape(2, 3)
--
grid_c = np.arange(6).reshape(3, 2)
--
assert grid_c.shape == (2, 3) and np.array_equal(grid_c.T, np.array([[0, 3], [1, 4], [2, 5]]))
# an error in try and except
def root(x):
    if x < 0:
        raise ValueError("x is negative")
    return math.sqrt(x)
--
def root(x): return math.sqrt(abs(x))
--
try:
    root(-1)
except ValueError as error:
    assert "negative" in str(error)
else:
    assert False, "no ValueError"
# pytest.raises
def first(items):
    if not items:
        raise IndexError("nothing there")
    return items[0]
--
def first(items): return items[0] if items else None
--
with pytest.raises(IndexError, match="nothing"):
    first([])
# an error of the student's own
class Overdrawn(Exception):
    def __init__(self, missing):
        super().__init__(f"{missing} missing")
        self.missing = missing
def pay(balance, price):
    if price > balance:
        raise Overdrawn(price - balance)
    return balance - price
--
class Overdrawn(Exception): pass
def pay(balance, price): return max(0, balance - price)
--
assert issubclass(Overdrawn, Exception)
try:
    pay(5, 8)
    assert False, "no Overdrawn"
except Overdrawn as error:
    assert error.missing == 3 and error.args == ("3 missing",)
# printing, caught by redirect_stdout
def countdown(n):
    for k in range(n, 0, -1): print(k)
--
def countdown(n): print(*range(n, 0, -1))
--
shown_d = io.StringIO()
with contextlib.redirect_stdout(shown_d):
    countdown(3)
assert shown_d.getvalue() == "3\\n2\\n1\\n"
# printing, caught in sys.stdout
def shout(text): print(text.upper())
--
def shout(text): print(text)
--
import sys
before_e, sys.stdout = sys.stdout, io.StringIO()
shout("hey")
printed_e, sys.stdout = sys.stdout.getvalue(), before_e
assert printed_e.strip() == "HEY"
# random numbers with a seed
def roll(): return random.randint(1, 6)
--
def roll(): return 3
--
random.seed(4)
rolls_f = [roll() for _ in range(5)]
random.seed(4)
assert rolls_f == [random.randint(1, 6) for _ in range(5)]
# numpy's random numbers with a seed
def noise(n): return np.random.normal(size=n)
--
def noise(n): return np.random.uniform(size=n)
--
np.random.seed(0)
noise_g = noise(3)
np.random.seed(0)
assert np.allclose(noise_g, np.random.normal(size=3))
# a random generator as an argument
def draw(rng, n): return rng.integers(0, 10, n)
--
def draw(rng, n): return rng.integers(0, 9, n)
--
assert draw(np.random.default_rng(7), 8).tolist() == np.random.default_rng(7).integers(0, 10, 8).tolist()
# a dataclass
@dataclasses.dataclass
class Point:
    x: float
    y: float = 0
--
class Point:
    def __init__(self, x, y=0): self.x, self.y = x, 0
--
assert Point(1).y == 0 and Point(1, 2).y == 2
# dataclasses compared
@dataclasses.dataclass
class Card:
    suit: str
    rank: int
def best(cards): return max(cards, key=lambda card: card.rank)
--
@dataclasses.dataclass
class Card:
    suit: str
    rank: int
def best(cards): return cards[0]
--
assert Card("h", 3) == Card("h", 3) and Card("h", 3) != Card("s", 3)
assert best([Card("h", 3), Card("s", 9)]) == Card("s", 9)
# a frozen dataclass
@dataclasses.dataclass(frozen=True)
class Size:
    height: int
    width: int
    def area(self): return self.height * self.width
--
@dataclasses.dataclass
class Size:
    height: int
    width: int
    def area(self): return self.height * self.width
--
assert Size(2, 3) == Size(2, 3) and Size(2, 3).area() == 6
try:
    Size(2, 3).height = 5
    assert False, "it changed"
except dataclasses.FrozenInstanceError:
    pass
# an object's methods and attributes
class Account:
    def __init__(self, owner, balance=0): self.owner, self.balance = owner, balance
    def deposit(self, amount): self.balance += amount
--
class Account:
    def __init__(self, owner, balance=0): self.owner, self.balance = owner, balance
    def deposit(self, amount): self.balance = amount
--
account_h = Account("Ada", 5)
account_h.deposit(10)
assert account_h.balance == 15 and account_h.owner == "Ada" and hasattr(account_h, "deposit")
# a property that can be set
class Celsius:
    def __init__(self, degrees): self.degrees = degrees
    @property
    def kelvin(self): return self.degrees + 273.15
    @kelvin.setter
    def kelvin(self, value):
        if value < 0:
            raise ValueError("below zero")
        self.degrees = value - 273.15
--
class Celsius:
    def __init__(self, degrees): self.degrees = degrees
    @property
    def kelvin(self): return self.degrees + 273.15
    @kelvin.setter
    def kelvin(self, value): self.degrees = value - 273.15
--
heat_i = Celsius(0)
heat_i.kelvin = 300
assert abs(heat_i.degrees - 26.85) < 1e-9
with pytest.raises(ValueError):
    heat_i.kelvin = -1
# inheritance and isinstance
class Shape:
    def area(self): raise NotImplementedError
class Square(Shape):
    def __init__(self, side): self.side = side
    def area(self): return self.side**2
--
class Shape:
    def area(self): raise NotImplementedError
class Square:
    def __init__(self, side): self.side = side
    def area(self): return self.side**2
--
assert isinstance(Square(2), Shape) and issubclass(Square, Shape) and not isinstance(Shape(), Square)
assert Square(3).area() == 9
# an abstract class
import abc
class Animal(abc.ABC):
    @abc.abstractmethod
    def sound(self): ...
class Dog(Animal):
    def sound(self): return "woof"
--
class Animal:
    def sound(self): ...
class Dog(Animal):
    def sound(self): return "woof"
--
assert Dog().sound() == "woof"
with pytest.raises(TypeError):
    Animal()
# the name of an object's class
class Truck: pass
def make_car(kind): return Truck() if kind == "truck" else None
--
class Truck: pass
def make_car(kind): return kind
--
assert type(make_car("truck")).__name__ == "Truck" and make_car("bike") is None
# class attributes and methods of the class
class Robot:
    count = 0
    def __init__(self): Robot.count += 1
    @classmethod
    def pair(cls): return [cls(), cls()]
    @staticmethod
    def law(): return 1
--
class Robot:
    count = 0
    def __init__(self): self.count += 1
    @classmethod
    def pair(cls): return [cls(), cls()]
    @staticmethod
    def law(): return 1
--
assert len(Robot.pair()) == 2 and Robot.count == 2 and Robot.law() == 1
# a linked structure
class Node:
    def __init__(self, value, rest=None): self.value, self._root, self.rest = value, value, rest
def length(node): return 0 if node is None else 1 + length(node.rest)
--
class Node:
    def __init__(self, value, rest=None): self.value, self._root, self.rest = value, value, rest
def length(node): return 1
--
chain_j = Node(1, Node(2, Node(3)))
assert length(chain_j) == 3 and chain_j.rest.rest.value == 3 and chain_j._root == 1
assert chain_j.rest.rest.rest is None
# a closure
def adder(n): return lambda x: x + n
--
def adder(n): return lambda x: x * n
--
assert adder(3)(4) == 7 and callable(adder(1))
# a counter in a closure
def counter():
    count = 0
    def step():
        nonlocal count
        count += 1
        return count
    return step
--
def counter(): return lambda: 1
--
one_k, two_k = counter(), counter()
assert [one_k(), one_k(), two_k()] == [1, 2, 1]
# functions as arguments
def compose(f, g): return lambda x: f(g(x))
--
def compose(f, g): return lambda x: g(f(x))
--
assert compose(lambda x: x + 1, abs)(-3) == 4 and compose(str.upper, str.strip)(" a ") == "A"
# a decorator
import functools
def twice(function):
    @functools.wraps(function)
    def both(*args, **kwargs):
        print("calling")
        return [function(*args, **kwargs), function(*args, **kwargs)]
    return both
--
def twice(function):
    def both(*args, **kwargs):
        print("calling")
        return [function(*args, **kwargs), function(*args, **kwargs)]
    return both
--
@twice
def hello_l(name, mark="!"):
    print("in")
    return name + mark
with contextlib.redirect_stdout(io.StringIO()) as shown_l:
    assert hello_l("a", mark="?") == ["a?", "a?"]
assert shown_l.getvalue() == "calling\\nin\\nin\\n" and hello_l.__name__ == "hello_l"
# recursion
def flatten(items): return [x for y in items for x in (flatten(y) if isinstance(y, list) else [y])]
--
def flatten(items): return [x for y in items for x in (y if isinstance(y, list) else [y])]
--
assert flatten([1, [2, [3, [4]]]]) == [1, 2, 3, 4]
# a generator
def evens(n):
    for k in range(0, n, 2):
        yield k
--
def evens(n): return list(range(0, n, 2))
--
gen_m = evens(6)
assert isinstance(gen_m, types.GeneratorType) and next(gen_m) == 0 and list(gen_m) == [2, 4]
with pytest.raises(StopIteration):
    next(gen_m)
# a generator without an end
def naturals():
    k = 0
    while True:
        yield k
        k += 1
--
def naturals():
    yield from range(1, 100)
--
assert list(itertools.islice(naturals(), 4)) == [0, 1, 2, 3]
for number_n, expected_n in zip(naturals(), "abc"):
    assert number_n == "abc".index(expected_n)
# send to a generator
def running():
    total = 0
    while True:
        total += yield total
--
def running():
    while True:
        yield 0
--
sum_o = running()
next(sum_o)
assert [sum_o.send(k) for k in (1, 2, 3)] == [1, 3, 6]
# a generator's error
def strict(values):
    for value in values:
        if value < 0:
            raise ValueError(value)
        yield value
--
def strict(values):
    yield from (value for value in values if value >= 0)
--
with pytest.raises(ValueError):
    list(strict(x for x in (1, -1)))
assert list(strict(iter([1, 2]))) == [1, 2]
# map, filter, zip
def doubled(items): return map(lambda x: 2 * x, items)
def pairs(a, b): return zip(a, b)
--
def doubled(items): return map(lambda x: x + 2, items)
def pairs(a, b): return zip(b, a)
--
assert list(doubled([1, 2])) == [2, 4] and sorted(pairs("ab", [1, 2])) == [("a", 1), ("b", 2)]
assert sum(doubled([5])) == 10 and 4 in doubled([2])
# views of a dictionary
def names(table): return table.keys()
def sizes(table): return table.values()
--
def names(table): return table.values()
def sizes(table): return table.keys()
--
assert sorted(names({"b": 1, "a": 2})) == ["a", "b"] and sum(sizes({"b": 1, "a": 2})) == 3
assert names({"a": 1}) == {"a"} and len(sizes({"a": 1})) == 1
# values of comprehensions
table_p = [[i * j for j in range(3)] for i in range(3)]
lookup_p = {word: len(word) for word in ("a", "bb")}
--
table_p = [[i + j for j in range(3)] for i in range(3)]
lookup_p = {word: 1 for word in ("a", "bb")}
--
assert table_p[2][2] == 4 and all(len(row) == 3 for row in table_p) and lookup_p["bb"] == 2
# default arguments
def power(base, exponent=2): return base**exponent
--
def power(base, exponent): return base**exponent
--
assert power(3) == 9 and power(2, exponent=3) == 8 and power.__defaults__ == (2,)
# keyword-only arguments
def scale(x, *, factor=1): return x * factor
--
def scale(x, factor=1): return x * factor
--
assert scale(2, factor=3) == 6 and inspect.signature(scale).parameters["factor"].kind.name == "KEYWORD_ONLY"
with pytest.raises(TypeError):
    scale(2, 3)
# any number of arguments
def total(*values, **named): return sum(values) + sum(named.values())
--
def total(*values, **named): return sum(values)
--
assert total(1, 2, a=3) == 6 and total() == 0 and total(*[1, 2], **{"b": 4}) == 7
# docstring and name
def documented(x):
    """Return x."""
    return x
--
def documented(x): return x
--
assert documented.__name__ == "documented" and documented.__doc__ and "Return" in inspect.getdoc(documented)
# a stable sort
def by_length(words): return sorted(words, key=len)
--
def by_length(words): return sorted(words, key=lambda word: (len(word), word))
--
assert by_length(["bb", "aa", "c"]) == ["c", "bb", "aa"]
# a sort with a key of the test's
def order(rows, key): return sorted(rows, key=key, reverse=True)
--
def order(rows, key): return sorted(rows, key=key)
--
from operator import itemgetter
assert order([(1, "a"), (2, "b")], itemgetter(0)) == [(2, "b"), (1, "a")]
assert order([3, -5], key=abs) == [-5, 3]
# exact types
def halves(n): return n // 2
--
def halves(n): return n / 2
--
assert type(halves(4)) is int and isinstance(halves(4), int) and halves(5) == 2
# a truth that is one
def is_even(n): return n % 2 == 0
--
def is_even(n): return 1 - n % 2
--
assert is_even(2) is True and is_even(3) is False and isinstance(is_even(4), bool)
# a Counter
def letters(text): return collections.Counter(text)
--
def letters(text): return collections.Counter(set(text))
--
assert letters("banana").most_common(1) == [("a", 3)] and letters("a")["z"] == 0
assert isinstance(letters(""), collections.Counter)
# a defaultdict
def group(words):
    groups = collections.defaultdict(list)
    for word in words: groups[word[0]].append(word)
    return groups
--
def group(words):
    return collections.defaultdict(list, {word[0]: [word] for word in words})
--
assert group(["ab", "ac"])["a"] == ["ab", "ac"] and group([])["z"] == []
# an OrderedDict
def ordered(pairs): return collections.OrderedDict(sorted(pairs))
--
def ordered(pairs): return collections.OrderedDict(pairs)
--
assert ordered([("b", 1), ("a", 2)]) == collections.OrderedDict([("a", 2), ("b", 1)])
# a deque
def last_three(values): return collections.deque(values, maxlen=3)
--
def last_three(values): return collections.deque(values)
--
assert list(last_three(range(5))) == [2, 3, 4] and last_three([]).maxlen == 3
# a namedtuple
Pixel = collections.namedtuple("Pixel", "row column")
def corner(): return Pixel(0, 1)
--
Pixel = collections.namedtuple("Pixel", "row column")
def corner(): return Pixel(column=0, row=1)
--
assert corner() == (0, 1) and corner().column == 1 and corner()._fields == ("row", "column")
assert isinstance(corner(), Pixel)
# fractions and decimals
def third(): return fractions.Fraction(2, 6)
def price(): return decimal.Decimal("0.10") * 3
--
def third(): return 1 / 3
def price(): return 0.1 * 3
--
assert third() == fractions.Fraction(1, 3) and third().denominator == 3
assert price() == decimal.Decimal("0.3") and str(price()) == "0.30"
# dates
def next_week(day): return day + datetime.timedelta(weeks=1)
--
def next_week(day): return day + datetime.timedelta(days=1)
--
assert next_week(datetime.date(2024, 2, 26)) == datetime.date(2024, 3, 4)
assert next_week(datetime.datetime(2024, 1, 1, 12)).hour == 12
assert next_week(datetime.datetime(2024, 1, 1, tzinfo=datetime.timezone.utc)).tzinfo is datetime.timezone.utc
# paths
def backup(path): return path.with_suffix(".bak")
--
def backup(path): return path.with_suffix(".old")
--
assert backup(pathlib.Path("a/b.txt")) == pathlib.Path("a/b.bak")
assert backup(pathlib.Path("x.y")).name == "x.bak"
# an Enum
import enum
class Colour(enum.Enum):
    RED = 1
    BLUE = 2
def other(colour): return Colour.BLUE if colour is Colour.RED else Colour.RED
--
class Colour:
    RED = 1
    BLUE = 3
def other(colour): return Colour.RED
--
assert other(Colour.RED) == Colour.BLUE and Colour.BLUE.value == 2 and other(Colour.BLUE).name == "RED"
# bytes and complex numbers
def encode(text): return text.encode()
def conjugate(z): return z.conjugate()
--
def encode(text): return text
def conjugate(z): return z
--
assert encode("\u00e9") == b"\\xc3\\xa9" and conjugate(1 + 2j) == 1 - 2j
# partial credit, worth 4
def add(a, b): return a + b
def multiply(a, b): return a * b
--
def add(a, b): return a + b
def multiply(a, b): return a + b
--
points_q = 0
points_q += 1 if add(1, 2) == 3 else 0
points_q += 3 if multiply(3, 4) == 12 else 0
points_q
# hidden tests, worth 2
def largest(values): return max(values)
--
def largest(values): return 9
--
assert largest([1, 9]) == 9
### BEGIN HIDDEN TESTS
assert largest([-3, -1]) == -1
### END HIDDEN TESTS
# a mutable default argument
def append_to(item, items=None):
    items = [] if items is None else items
    items.append(item)
    return items
--
def append_to(item, items=[]):
    items.append(item)
    return items
--
append_to(1)
assert append_to(2) == [2] and append_to(3, [0]) == [0, 3]
# a function of the instructor's
def mean(values): return sum(values) / len(values)
--
def mean(values): return sum(values) / 2
--
assert close_enough(mean([1, 2, 3]), 2.0) and close_enough(mean(data_r), 2.5)
--
def close_enough(a, b, tolerance=1e-6): return abs(a - b) <= tolerance
data_r = [1, 2, 3, 4]
# memory of calls
import functools
calls_s = []
@functools.lru_cache(maxsize=None)
def slow(n):
    calls_s.append(n)
    return n * n
def called(): return len(calls_s)
--
calls_s = []
def slow(n):
    calls_s.append(n)
    return n * n
def called(): return len(calls_s)
--
assert slow(3) == slow(3) == 9 and called() == 1
# a function in a dictionary
operations = {"+": lambda a, b: a + b, "max": max}
--
operations = {"+": lambda a, b: a - b, "max": min}
--
assert operations["+"](2, 3) == 5 and operations["max"](2, 3) == 3 and set(operations) == {"+", "max"}
# nothing returned
def silent(x): x + 1
--
def silent(x): return x + 1
--
assert silent(1) is None
# an answer left out
def unfinished(x): return x
--
def unfinished(x): raise NotImplementedError()
--
assert unfinished(3) == 3
# an argument changed in place
def remove_odd(values): values[:] = [x for x in values if x % 2 == 0]
--
def remove_odd(values): return [x for x in values if x % 2 == 0]
--
numbers_t = [1, 2, 3, 4]
remove_odd(numbers_t)
assert numbers_t == [2, 4]
# an argument left alone
def tidy(values): return sorted(values)
--
def tidy(values):
    values.sort()
    return values
--
messy_u = [3, 1, 2]
assert tidy(messy_u) == [1, 2, 3]
assert messy_u == [3, 1, 2], "the argument was changed"
# a new object
def copied(values): return list(values)
--
def copied(values): return values
--
given_v = [1, 2]
assert copied(given_v) == [1, 2] and copied(given_v) is not given_v
# a global variable that a function changes
visits = 0
def visit():
    global visits
    visits += 1
--
visits = 0
def visit(): visits = 1
--
visit()
assert visits == 1
# operators of an own class
class Vector:
    def __init__(self, x, y): self.x, self.y = x, y
    def __add__(self, other): return Vector(self.x + other.x, self.y + other.y)
    def __eq__(self, other): return (self.x, self.y) == (other.x, other.y)
--
class Vector:
    def __init__(self, x, y): self.x, self.y = x, y
    def __add__(self, other): return Vector(self.x, other.y)
    def __eq__(self, other): return (self.x, self.y) == (other.x, other.y)
--
assert Vector(1, 2) + Vector(3, 4) == Vector(4, 6)
# the text of an own object
class Money:
    def __init__(self, amount): self.amount = amount
    def __str__(self): return f"{self.amount:.2f} EUR"
--
class Money:
    def __init__(self, amount): self.amount = amount
--
assert str(Money(3)) == "3.00 EUR"
# len, [] and in of an own class
class Stack:
    def __init__(self): self.items = []
    def push(self, item): self.items.append(item)
    def __len__(self): return len(self.items)
    def __getitem__(self, place): return self.items[place]
--
class Stack:
    def __init__(self): self.items = []
    def push(self, item): pass
    def __len__(self): return len(self.items)
    def __getitem__(self, place): return self.items[place]
--
stack_w = Stack()
stack_w.push(5)
assert len(stack_w) == 1 and stack_w[0] == 5
# iteration over an own class
class Deck:
    def __iter__(self): return iter("AKQ")
--
class Deck:
    def __iter__(self): return iter("AK")
--
assert list(Deck()) == ["A", "K", "Q"]
# a context manager of the student's
class Timer:
    def __enter__(self):
        self.running = True
        return self
    def __exit__(self, *error): self.running = False
--
class Timer:
    def __enter__(self):
        self.running = True
        return self
    def __exit__(self, *error): pass
--
with Timer() as timer_x:
    assert timer_x.running
assert not timer_x.running
# a file that a function writes
def save(path, text):
    with open(path, "w") as file:
        file.write(text)
--
def save(path, text):
    open(path, "w").close()
--
save("note_y.txt", "hi")
assert open("note_y.txt").read() == "hi"
# a warning of the student's
def old_way():
    warnings.warn("use new_way", DeprecationWarning)
--
def old_way(): pass
--
with pytest.warns(DeprecationWarning):
    old_way()
# what the student types, replaced by the test
def ask_age(): return int(input("Age? "))
--
def ask_age(): return 0
--
import builtins
before_z, builtins.input = builtins.input, lambda question="": "41"
try:
    assert ask_age() == 41
finally:
    builtins.input = before_z
# a dataclass as a dictionary
@dataclasses.dataclass
class Book:
    title: str
--
class Book:
    def __init__(self, title): self.title = title
--
assert dataclasses.asdict(Book("a")) == {"title": "a"}
# the code of a function
def no_loop(n): return n * (n + 1) // 2
--
def no_loop(n): return sum(k for k in range(n + 1))
--
assert no_loop(4) == 10 and "for" not in inspect.getsource(no_loop)
# an object of a class of the test's
def describe(thing): return thing.name.title()
--
def describe(thing): return thing.name
--
class Fake:
    name = "ada"
assert describe(Fake()) == "Ada"
''')

# Left to a person only where a student's function has changed its argument, or returned it.
TOUCHED = {"an argument left alone", "a new object"}
# Left to a person for everybody.
BY_HAND = {
    "an argument changed in place",
    "a global variable that a function changes",
    "operators of an own class",
    "the text of an own object",
    "len, [] and in of an own class",
    "iteration over an own class",
    "a context manager of the student's",
    "a file that a function writes",
    "a warning of the student's",
    "what the student types, replaced by the test",
    "a dataclass as a dictionary",
    "the code of a function",
    "an object of a class of the test's",
}
