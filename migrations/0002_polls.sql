-- Polls: a question, its choices, and one ballot for each voter. Times are epoch milliseconds;
-- flags are 0 or 1; tallies are never stored, they are counted from ballots.

CREATE TABLE polls (
    id         BIGINT PRIMARY KEY,
    -- What voters type: six characters, upper case, without separators.
    code       TEXT   NOT NULL UNIQUE,
    title      TEXT   NOT NULL,
    -- Whether ballots may be cast and changed.
    open       BIGINT NOT NULL,
    -- Grows with every change of the poll, so that late news can be told from fresh. Raising it is
    -- also the lock that puts the writers of one poll in order.
    sequence   BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE choices (
    poll_id  BIGINT NOT NULL REFERENCES polls (id),
    -- The choice's id within its poll, from 1, in the order shown.
    position BIGINT NOT NULL,
    text     TEXT   NOT NULL,
    PRIMARY KEY (poll_id, position)
);

CREATE TABLE ballots (
    poll_id  BIGINT NOT NULL REFERENCES polls (id),
    -- Who voted: the kind of identity, a colon, and the identity.
    voter    TEXT   NOT NULL,
    -- The receipt: the ballot's ordinal in its poll, kept when the voter changes the choice.
    number   BIGINT NOT NULL,
    choice   BIGINT NOT NULL,
    -- When the choice was last cast.
    cast_at  BIGINT NOT NULL,
    PRIMARY KEY (poll_id, voter),
    UNIQUE (poll_id, number),
    FOREIGN KEY (poll_id, choice) REFERENCES choices (poll_id, position)
);

-- Counting a poll's ballots reads this index alone.
CREATE INDEX ballots_by_choice ON ballots (poll_id, choice);
