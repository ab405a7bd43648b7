package main

import (
	"time"

	"github.com/robfig/cron/v3"
)

var schedules = cron.NewParser(cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow | cron.Descriptor)

// Whether a window is open: it has opened, and hasn't lasted longer than its duration.
func window(schedule, lasts, at string) string {
	opens, err := schedules.Parse(schedule)
	if err != nil {
		return "refused"
	}
	duration, err := time.ParseDuration(lasts)
	if err != nil {
		return "refused"
	}
	now, err := time.Parse(time.RFC3339, at)
	if err != nil {
		panic(err)
	}
	// Next is after the time that it is given.
	opened := opens.Next(now.Add(-duration - time.Second))
	if opened.IsZero() || opened.After(now) || now.After(opened.Add(duration)) {
		return "closed"
	}
	return "open"
}
