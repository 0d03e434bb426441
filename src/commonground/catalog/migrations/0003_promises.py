"""What lists and counts ask of a record beside its text: when its data are stale, and how many columns it has."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("catalog", "0002_trust")]

    operations = [
        migrations.AddField(
            model_name="dataset",
            name="due",
            field=models.DateTimeField(
                help_text="When its data are stale by the promised frequency; empty where none is promised.", null=True
            ),
        ),
        migrations.AddField(
            model_name="dataset",
            name="columns",
            field=models.PositiveIntegerField(
                help_text="How many columns it has; empty where they are not known.", null=True
            ),
        ),
    ]
