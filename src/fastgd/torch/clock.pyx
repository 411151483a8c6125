"""
Clock: the schedules of a torch optimizer, and the numbers that they have put into its groups.

As with torch's schedulers a group shows the number of its next step. "schedule_step" beside it counts the steps of the
schedules, so that state dicts of any host remember them. A number that somebody else has changed is refused: it would
be lost at the next step.
"""
from cpython.dict cimport PyDict_Next
from cpython.object cimport PyObject

from fastgd import validation
from fastgd.hyperparameters import Scheduled, Several, schedules_of
from fastgd.optimizers import state_dict as saved
from fastgd.schedules.base import Schedule

COUNT = saved.COUNT         # key of a group with schedules
WRAPPED = "_wrapped_by_lr_sched"    # what torch's schedulers leave at the `step` that they put around an optimizer's


cdef class Tick:
    """One schedule."""
    cdef str name               # lr, betas[0]
    cdef str key                # of the group
    cdef Py_ssize_t place       # in a tuple; -1 for a number by itself
    cdef object schedule, check
    cdef object rate            # what is called
    cdef bint settled           # whether the steps alone say what it returns
    cdef bint stale             # whether it has to be asked anew
    cdef object shown           # what it has put into the group

    def __init__(self, str name not None, schedule, check):
        self.name, self.schedule, self.check = name, schedule, check
        self.key, _, place = name.partition("[")
        self.place = int(place.removesuffix("]")) if place else -1
        self.settled = isinstance(schedule, Schedule) and not schedule.state_dict()
        # The count is one; between two passes of a network each Python function has to be fetched from memory.
        self.rate = schedule._rate if type(schedule) is Schedule else schedule
        self.stale = True

    cdef object ask(self, str where, object step):
        """The number after `step` steps."""
        try:
            value = self.rate(step)
        except Exception as error:
            error.add_note(f"{self.label(where)}({step}), a schedule, raised it")
            raise
        if type(value) is float and self.check.low <= value <= self.check.high:
            return value
        return self.check(f"{self.label(where)}({step})", value)

    cdef str label(self, str where):
        return f"{where}[{self.key!r}]{self.name[len(self.key):]}" if where else self.name

    cdef object found(self, group):
        """The number as the group has it."""
        value = group[self.key]
        return value if self.place < 0 else value[self.place]

    cdef int put(self, group, object value) except -1:
        """Show a number in the group."""
        if self.place >= 0:
            entries = list(group[self.key])
            entries[self.place] = value
            group[self.key] = tuple(entries)
        else:
            group[self.key] = value
        self.shown, self.stale = value, False
        return 0


cdef class Ticks:
    """The schedules of one group."""

    def __init__(self, group, dict schedules not None):
        self.group, self.schedules, self.ticks = group, schedules, []
        self.count = group.get(COUNT) if schedules else None

    cdef bint same(self) except -1:
        """Whether the schedules are those of `ticks`."""
        cdef Py_ssize_t position = 0, i = 0, n = len(self.ticks)
        cdef PyObject* value
        while PyDict_Next(self.schedules, &position, NULL, &value):
            if i == n or value != <PyObject*>(<Tick>self.ticks[i]).schedule:
                return False
            i += 1
        return i == n

    cdef int expire(self) except -1:
        """Let all schedules be asked anew."""
        cdef Tick tick
        for tick in self.ticks:
            tick.stale = True
        return 0

    cdef int adopt(self) except -1:
        """Take what the group has for what the schedules have put there."""
        cdef Tick tick
        for tick in self.ticks:
            tick.shown, tick.stale = tick.found(self.group), False
        return 0

    cdef int show(self) except -1:
        """Show the numbers of the next step."""
        cdef Tick tick
        for tick in self.ticks:
            try:
                tick.put(self.group, tick.ask("", self.count))
            except Exception:
                return 0    # The step is done; the next one says what is wrong.
        return 0


cdef class Clock:
    """
    Parameters
    ----------
    checks : dict of str to Check
        Of the hyperparameters of a class.
    """

    def __init__(self, dict checks not None):
        self.numbers = {}
        for name, check in checks.items():
            if isinstance(check, Scheduled):
                self.numbers[name] = check.number
            elif isinstance(check, Several) and isinstance(check.each, Scheduled):
                self.numbers.update({f"{name}[{i}]": check.each.number for i in range(len(check.fields))})
        self.groups = []

    @property
    def schedules(self):
        """For each group its schedules, by what they are the number of; whoever has them may change them."""
        self.active = self.given_away = True
        return self.by_group()

    def by_group(self):
        """The same, to look at."""
        return [(<Ticks>one).schedules for one in self.groups]

    # ---- what groups have ---------------------------------------------------------------------------------------

    def taken(self, str where not None, values, step):
        """What stands in the place of the schedules among hyperparameters, and the schedules by name."""
        cdef Tick tick
        known = dict.fromkeys([name.partition("[")[0] for name in self.numbers])
        schedules = schedules_of({name: values[name] for name in known if name in values})
        numbers = {}
        for name, schedule in schedules.items():
            tick = Tick(name, schedule, self.numbers[name])
            numbers.setdefault(tick.key, values[tick.key])
            tick.put(numbers, tick.ask(where, step))
        return numbers, schedules

    def add(self, group, dict schedules not None, step=None):
        """A group more, which has numbers in the place of its schedules, after `step` steps if it does not say so."""
        cdef Ticks one
        if schedules and step is not None:
            group[COUNT] = step
        one = Ticks(group, schedules)
        self.groups.append(one)
        self.renew(one)
        if step is None:
            one.adopt()
        for tick in one.ticks:
            if (<Tick>tick).stale:
                (<Tick>tick).put(group, (<Tick>tick).ask("", step))

    def cut(self, Py_ssize_t count):
        """Forget the groups after the first few."""
        del self.groups[count:]

    cdef int match(self, groups) except -1:
        """Find the schedules of groups that were taken away, added or put into another order."""
        cdef Ticks one
        known = {id((<Ticks>one).group): one for one in self.groups}
        found = [known.get(id(group)) for group in groups]
        if len(groups) == len(self.groups):
            lost = [n for n in range(len(groups)) if found[n] is None and (<Ticks>self.groups[n]).schedules]
            if lost:
                raise ValueError(f"param_groups[{lost[0]}]: expected the dict that the schedules of the group were "
                                 "given in, got another one; give them to it again")
        self.groups = [Ticks(group, {}) if one is None else one for group, one in zip(groups, found, strict=True)]
        self.active = self.given_away or any([(<Ticks>one).schedules for one in self.groups])
        return 0

    cdef int take_new(self, front, Py_ssize_t number, object group, long long completed) except -1:
        """Take schedules that somebody has put into a group, and leave numbers there."""
        cdef Ticks one = self.groups[number]
        step = max(completed, group.get(COUNT, 0))
        numbers, schedules = self.taken(f"param_groups[{number}]", group, step)
        if schedules:
            refuse_wrapped(front.__dict__.get("step"))
            group.update(numbers)
            one.schedules.update(schedules)
            group[COUNT] = step
            one.group, one.count = group, step
            self.renew(one)
            one.adopt()
            self.active = True
        return 0

    # ---- steps --------------------------------------------------------------------------------------------------

    cdef bint before(self, front, bint begun) except -1:
        """
        Let groups have the numbers of the step to come; returns whether any schedule was asked.

        `begun`: whether any parameter has state. torch.distributed.checkpoint makes state by a step whose rate is 0,
        which is none of the schedules'.
        """
        cdef Ticks one
        cdef Py_ssize_t n
        cdef bint asked = False
        self.left_out = False
        for n in range(len(self.groups)):
            one = <Ticks>self.groups[n]
            if not one.same():
                if one.schedules:
                    refuse_wrapped(front.__dict__.get("step"))
                self.renew(one)
            if one.ticks:
                asked = self.before_of(one, n, begun, front._steps.completed) or asked
        return asked

    cdef int renew(self, Ticks one) except -1:
        """Take over what somebody has changed in `schedules`."""
        one.ticks = [Tick(name, schedule, self.check_of(name, schedule)) for name, schedule in one.schedules.items()]
        if not one.ticks:
            one.group.pop(COUNT, None)
        self.active = self.given_away or any([(<Ticks>each).schedules for each in self.groups])
        return 0

    cdef bint before_of(self, Ticks one, Py_ssize_t n, bint begun, long long completed) except -1:
        cdef Tick tick
        cdef bint asked = False
        if COUNT not in one.group:      # of a group that has had no schedule
            one.group[COUNT] = completed
        count = one.group[COUNT]
        if count is not one.count and count != one.count:
            one.count = validation.whole(f"param_groups[{n}][{COUNT!r}]", count)
            one.expire()
        for tick in one.ticks:
            if not tick.stale:
                value = tick.found(one.group)
                if callable(value):     # another schedule in the place of its number
                    one.schedules[tick.name] = value
                    self.renew(one)
                    return self.before_of(one, n, begun, completed)
                if value is not tick.shown and value != tick.shown:
                    if begun or tick.name != "lr" or value != 0.0:
                        refuse_changed(n, tick.name, value, tick.shown)
                    self.left_out = True
                    continue
                if tick.settled:
                    continue
            tick.put(one.group, tick.ask(f"param_groups[{n}]", one.count))
            asked = True
        return asked

    cdef int after(self) except -1:
        """Count a step, and show the numbers of the next."""
        cdef Ticks one
        if self.left_out:
            return 0
        for one in self.groups:
            if one.ticks:
                one.group[COUNT] = one.count = one.count + 1
                one.expire()    # until they have been asked, what a Ctrl-C may come before
        for one in self.groups:
            one.show()
        return 0

    cdef int before_pass(self, front, backward, bint begun) except -1:
        """The same, where each backward pass is a step, for one of its parameters."""
        if backward != self.backward:
            self.end_pass()
            self.before(front, begun)
        return 0

    cdef int end_pass(self) except -1:
        """Count the latest backward pass, which nobody tells the end of."""
        if self.backward is not None:
            self.backward = None
            self.after()
        return 0

    # ---- state --------------------------------------------------------------------------------------------------

    def save(self, groups):
        """Bring what schedules remember into the groups of a state dict."""
        self.end_pass()
        for one, group in zip(self.groups, groups):
            if (<Ticks>one).schedules:
                group[COUNT] = (<Ticks>one).group[COUNT]
                group.update(saved.export_schedules((<Ticks>one).schedules))

    def mark(self):
        """What `reset` takes back."""
        remembered = [(schedule, schedule.state_dict()) for one in self.groups
                      for schedule in (<Ticks>one).schedules.values() if hasattr(schedule, "load_state_dict")]
        return self.groups, self.backward, remembered

    def reset(self, marked not None):
        """Be as `mark` has found it."""
        self.groups, self.backward, remembered = marked
        for schedule, state in remembered:
            schedule.load_state_dict(state)

    def move(self, groups):
        """The same schedules for the groups that take the place of these."""
        self.groups = [Ticks(group, (<Ticks>one).schedules) for group, one in zip(groups, self.groups, strict=True)]
        self.backward = None

    def load(self, list kept not None, long long completed):
        """
        Take over what schedules remember, `kept` by name for each group, and how many steps the groups say that there
        were, or `completed`.
        """
        cdef Ticks one
        cdef Tick tick
        for one, states in zip(self.groups, kept):
            for name, state in states.items():
                if hasattr(one.schedules.get(name), "load_state_dict") and one.schedules[name].state_dict():
                    one.schedules[name].load_state_dict(state)
        for one in self.groups:
            one.count = one.group.setdefault(COUNT, completed) if one.schedules else one.group.pop(COUNT, None)
            self.renew(one)
            for tick in one.ticks:
                tick.put(one.group, tick.ask("", one.count))

    def check_of(self, name, schedule):
        """The check of a number whose schedule somebody has given."""
        if name not in self.numbers:
            raise ValueError(f"schedules: expected names of {', '.join(self.numbers)}, got {name!r}")
        if not callable(schedule):
            raise TypeError(f"schedules[{name!r}] must be a function of the step, got {type(schedule).__name__}")
        return self.numbers[name]


def refuse_wrapped(step):
    """Raise if `step` is what a scheduler of torch has put around that of an optimizer."""
    if hasattr(step, WRAPPED):
        raise ValueError("a schedule of fastgd and a scheduler of torch.optim.lr_scheduler would both set the numbers "
                         "of this optimizer: use one of the two")


cdef int refuse_changed(number, name, value, shown) except -1:
    raise ValueError(f"param_groups[{number}]: {name} was changed from {shown} to {value}, but its schedule sets it at "
                     f"each step; put another into schedules[{number}][{name!r}], or take it away before: "
                     f"schedules[{number}].pop({name!r})")
