const job = await meetbot.dispatchBot({
externalId: "q2-board-meeting-acme",
meetingUrl: "https://meet.google.com/xyz-abcd-efg",
joinAt: new Date("2026-05-15T14:00:00Z"),
metadata: { customer_id: "cust_4711", workspace: "acme-prod" },
autoLeave: {
afterEntryDelaySeconds: 300, // leave if not let in within 5m
afterMaxSeconds: 7200, // cap at 2h
onBotDetected: true, // leave if Otter/Fireflies/Read shows up
},
});
